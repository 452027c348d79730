"use strict";
// Starts imports, which the server runs in the background, and moves their bars.

const $ = (id) => document.getElementById(id);
const number = new Intl.NumberFormat("en");
const ENDED = ["done", "failed", "cancelled"];

const rows = new Map();
const actions = {
  cancel: (name) => call("POST", `/imports/${name}/cancel`),
  resume: (name) => call("POST", `/imports/${name}/resume`),
  remove: (name) => call("DELETE", `/imports/${name}`),
};

// Send a request, and return the JSON of the response. The error of a refusal says why.
async function call(method, path, body) {
  const answer = await fetch(path, {method, body});
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  const problem = await answer.json().catch(() => ({detail: answer.statusText}));
  const detail = typeof problem.detail === "string" ? problem.detail : "the form is not complete";
  throw new Error(problem.title ? `${problem.title}: ${detail}` : detail);
}

// The row of an import, made once and changed from then on, so that what one looks at stays where it is.
function row(job) {
  if (!rows.has(job.name)) {
    const made = $("import-row").content.firstElementChild.cloneNode(true);
    for (const button of made.querySelectorAll("[data-action]")) {
      button.addEventListener("click", () => act(button, job.name));
    }
    rows.set(job.name, made);
  }
  const item = rows.get(job.name);
  const fill = (where, text) => { item.querySelector(where).textContent = text; };
  const bar = item.querySelector("progress");
  const {book, group} = job.parameters;
  fill(".what", `${book} · ${group}`);
  fill(".how", job.state === "running" ? pace(job) : job.state);
  bar.max = Math.max(job.total ?? job.done, 1);
  bar.value = job.done;
  bar.setAttribute("aria-label", `Import into ${book}, ${group}`);
  const counts = Object.entries(job.counts).filter(([, many]) => many);
  fill(".numbers", [job.total === null ? number.format(job.done) : `${number.format(job.done)} of ${number.format(job.total)}`,
    ...counts.map(([status, many]) => `${number.format(many)} ${status}`)].join(", "));
  fill(".reason", job.reason ?? "");
  item.querySelector(".problems").replaceChildren(
    ...job.errors.map((problem) => Object.assign(document.createElement("li"), {textContent: problem})));
  item.dataset.state = job.state;
  const ended = ENDED.includes(job.state);
  const shown = {cancel: !ended, resume: job.state === "stopped", remove: ended};
  for (const button of item.querySelectorAll("[data-action]")) button.hidden = !shown[button.dataset.action];
  return item;
}

function pace(job) {
  if (job.waiting) return `waits ${number.format(Math.ceil(job.waiting))} s for the vendor`;
  const left = job.seconds_left === null ? "" : `, ${number.format(Math.ceil(job.seconds_left))} s left`;
  return `${number.format(Math.round(job.rate))} a second${left}`;
}

async function act(button, name) {
  button.disabled = true;
  try {
    await actions[button.dataset.action](name);
  } catch (error) {
    say(error.message, true);
  } finally {
    button.disabled = false;
  }
}

const running = new Set();
let mine;  // the import that this page started last
let latest = [];
let live;
function listen() {
  live = new EventSource("/imports/live");
  live.onopen = () => { $("link").textContent = "live"; };
  live.onerror = () => { $("link").textContent = "connection lost, trying again"; };
  live.onmessage = (event) => heard(JSON.parse(event.data));
}
// A browser keeps pages that one left, for the way back, and with them their connections: it has six for a server.
addEventListener("pageshow", listen);
addEventListener("pagehide", () => live.close());

function heard(jobs) {
  latest = jobs;
  const shown = jobs.map(row);
  if (shown.length !== $("imports").children.length || shown.some((item, place) => $("imports").children[place] !== item)) {
    $("imports").replaceChildren(...shown);
  }
  const active = (job) => ["queued", "running"].includes(job.state);
  const ended = jobs.filter((job) => !active(job) && running.delete(job.name));
  jobs.filter(active).forEach((job) => running.add(job.name));
  jobs.filter((job) => job.name === mine && !active(job)).forEach(report);
  if (ended.length) refresh();
}

// Say once how the import ended that this page started.
function report(job) {
  mine = undefined;
  const counts = Object.entries(job.counts).map(([status, many]) => `${number.format(many)} ${status}`).join(", ");
  if (job.state === "done") say(`Done: ${counts || "nobody in the file"}.`);
  else if (job.state === "cancelled") say("Cancelled. What was written stays.", true);
  else say(`${job.state}: ${job.reason}`.replace(/^./, (letter) => letter.toUpperCase()), true);
}

// What the server renders, once more, for the books and contacts as they are now.
async function refresh() {
  const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
  for (const id of ["books", "contacts"]) $(id).replaceChildren(...page.getElementById(id).childNodes);
}

function say(text, bad = false) {
  $("said").textContent = text;
  $("said").classList.toggle("bad", bad);
}

$("import")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const button = form.querySelector("[type=submit]");
  button.disabled = true;
  say("Sending the file …");
  try {
    const job = await call("POST", `/books/${encodeURIComponent(form.elements.book.value)}/imports/file`, new FormData(form));
    say("Importing …");
    mine = job.name;
    // The stream may have reported the import before this response came.
    heard(latest.some((each) => each.name === job.name) ? latest : [job, ...latest]);
    rows.get(job.name).scrollIntoView({block: "nearest"});
  } catch (error) {
    say(`Not imported: ${error.message.replace(/[^.?!]$/, "$&.")}`, true);
  } finally {
    button.disabled = false;
  }
});
