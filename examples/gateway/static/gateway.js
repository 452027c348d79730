"use strict";
// Moves the bars, and keeps an import going for as long as this page is open: leaving it stops the import.

const $ = (id) => document.getElementById(id);
const number = new Intl.NumberFormat("en");

const rows = new Map();

// The row of an import, made once and changed from then on, so that what one looks at stays where it is.
function row(entry) {
  if (!rows.has(entry.id)) {
    rows.set(entry.id, $("import-row").content.firstElementChild.cloneNode(true));
  }
  const item = rows.get(entry.id);
  const fill = (where, text) => { item.querySelector(where).textContent = text; };
  const bar = item.querySelector("progress");
  fill(".what", entry.into ? `${entry.book} · ${entry.into}` : entry.book);
  fill(".how", entry.state === "running" ? `${number.format(Math.round(entry.rate))} a second` : entry.state);
  bar.max = Math.max(entry.total, 1);
  bar.value = entry.done;
  bar.setAttribute("aria-label", `Import ${entry.id}, ${entry.book}`);
  const counts = Object.entries(entry.counts).filter(([, many]) => many);
  fill(".numbers", [`${number.format(entry.done)} of ${number.format(entry.total)}`,
    ...counts.map(([status, many]) => `${number.format(many)} ${status}`)].join(", "));
  item.querySelector(".problems").replaceChildren(
    ...entry.problems.map((problem) => Object.assign(document.createElement("li"), {textContent: problem})));
  item.dataset.state = entry.state;
  return item;
}

const running = new Set();
let live;
function listen() {
  live = new EventSource("/imports/live");
  live.onopen = () => { $("link").textContent = "live"; };
  live.onerror = () => { $("link").textContent = "connection lost, trying again"; };
  live.onmessage = heard;
}
// A browser keeps pages that one left, for the way back, and with them their connections: it has six for a server.
addEventListener("pageshow", listen);
addEventListener("pagehide", () => live.close());

function heard(event) {
  const entries = JSON.parse(event.data);
  const shown = entries.map(row);
  if (shown.some((item, place) => $("imports").children[place] !== item)) $("imports").replaceChildren(...shown);
  const ended = entries.filter((entry) => entry.state !== "running" && running.delete(entry.id));
  entries.filter((entry) => entry.state === "running").forEach((entry) => running.add(entry.id));
  if (ended.length) refresh();
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

let stopping;
async function send(form) {
  stopping = new AbortController();
  const book = encodeURIComponent(form.elements.book.value);
  const answer = await fetch(`/books/${book}/imports/file`, {method: "POST", body: new FormData(form), signal: stopping.signal});
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({detail: answer.statusText}));
    const detail = typeof problem.detail === "string" ? problem.detail : "the form is not complete";
    throw new Error(problem.title ? `${problem.title}: ${detail}` : detail);
  }
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let last = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) last = (last + part.value).slice(-1e6);
  const line = last.trimEnd().split("\n").at(-1);
  const summary = line && JSON.parse(line).summary;
  if (!summary) throw new Error("the import was cut off");
  return summary;
}

$("import")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const button = form.querySelector("[type=submit]");
  button.disabled = true;
  $("stop").hidden = false;
  say("Importing …");
  try {
    const summary = await send(form);
    const counts = Object.entries(summary.counts).map(([status, many]) => `${number.format(many)} ${status}`);
    if (summary.unsubscribed) counts.push(`${number.format(summary.unsubscribed)} opted out here`);
    if (summary.still_subscribed) counts.push(`${number.format(summary.still_subscribed)} opted out in the file, and still subscribed here`);
    const what = `${counts.join(", ") || "nobody in the file"}`;
    if (summary.stopped) say(`Stopped: ${summary.stopped}. Until then: ${what}. Import the file again to continue.`, true);
    else say(`Done in ${summary.seconds.toFixed(1)} s: ${what}.`);
  } catch (error) {
    say(error.name === "AbortError" ? "Stopped. What was written stays." : `Not imported: ${error.message.replace(/[^.?!]$/, "$&.")}`, true);
  } finally {
    button.disabled = false;
    $("stop").hidden = true;
  }
});
$("stop")?.addEventListener("click", () => stopping.abort());
