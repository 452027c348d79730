"""A list of words in field names. A report shows a key of a response only if these and the spec's words form the key.

A key that a spec does not have may be a name, an id or a phone, because vendors use them as keys. No pattern
distinguishes `colour` from `anna`, so this is a list. It has no first names, even if they are words too: no `max`,
`mark`, `will`, `may`.
"""

from __future__ import annotations

_WORDS = """
accept accepted access account action active activity actual add added address age agent aggregate agree alert alias
align all allow allowed alphabet already also alternative amount an analytics and annual answer any api app apply
approved archive archived area array article as asc ask assigned async at attachment attempt attempts attribute
attributes audience auth authenticated author authorization auto available avatar average background backup badge
balance banner bar barcode base based basic batch before begin behind best between billing binary birth birthday
blacklist blob block blocked body bonus bool boolean both bounce bounced bounds box branch brand broadcast browser
bucket buffer building bulk business button buyer by byte bytes cache calendar call callback campaign can cancel
canceled cancelled cancelling capabilities capacity caption profile carrier cart case categories category cell center
certificate chain change changed changes channel channels char charge charset chat check checked checkout checksum
child children choice city class clean clear click clicked clicks client clients clock close closed cluster code codes
collection color colour column columns comment comments commit common company compare complete completed component
condition conditions confidence config configuration confirm confirmed conflict connect connected connection consent
consents constant contact contacts contain content context continue contract control conversion convert cookie copy
corporate correct cost count counted counter country county coupon create created creation creator credential credit
criteria cross culture currency current cursor custom customer cut cycle daily dashboard data database dataset date
dates datetime day days dead deadline debit debug decimal declined deep default deferred definition degree delay
delete deleted deleting deletion delivered delivery demo denied department dependency deprecated depth desc describe
description destination detail details device diagnostic dialling dictionary diff digest digit dimension direct
direction directory dirty disabled discount display distance distinct district do document documents does domain
domains done down download draft driver dry due duplicate duplicates duration dynamic each early edit editable edited
effective element email emails empty enable enabled encoding encrypted end ended endpoint engine entity entries entry
environment error errors estimate estimated event events every exact example exception exclude excluded execute
executed exists expected expire expired expires expiry explanation export exported expression extended extension
extern external extra facet factor fail failed failure false fatal favorite favourite fax feature fee feed fetch field
fields file filename files filter filters final find finish finished first fixed flag flags float floor flow folder
follow followers font footer for forbidden force foreign form format formatted forward found free frequency friend
friends from full function further future gateway gender general generated geo get given global goal granted graph
gross group grouped groups growth guest guid half handle hard has hash head header headers health height help hidden
high hint history hit hits home honorific host hour hours html http https hub human icon id identifier identifiers
identity ids ignore ignored image images import imported in inbound include included income incoming index indexed
industry info information init initial inline inner input insert inserted inside instance integer integration intent
interest interests interface internal interval invalid inventory invitation invite invited invoice ip is iso issue
item items iterator job jobs join joined json just keep key keys keyword kind known label labels language languages
large last late latency latest latitude launch layout lead leads leave left legacy legal length level levels license
limit limited limits line lines link links list listed listing lists live load loaded local locale location lock
locked log login logo logs long longitude lookup loop loss lost low lower loyalty machine mail mailbox mailing main
major manager manual map mapping marked marketing master match matched matches matching maximum me mean measure media
medium member members membership memo memory merge merged message messages meta metadata method metric metrics middle
migration minimum minor minute minutes missing mobile mode model moderated modified module monitor month monthly more
most move moved msg multi multiple mute muted name named names namespace nationality native need nested net network
never new newsletter next nickname no node none normal normalized not note notes notice notification notifications
notify null number numbers numeric object objects occupation occurred of off offer office offset ok old on once one
online only open opened opens operation operator opt opted option optional options or order ordered orders
organisation organization origin original os other others out outbound outcome outer output outside overall override
overview own owned owner package page paged pages paging paid pair paragraph parallel param parameter parameters
params parent part partial participant partition partner parts passed password past path pattern paused payload
payment payments pending per percent percentage period permanent permission permissions person personal phase phone
phones photo picture pin ping place plain plan platform point points policy poll pool popular port portal position
possible post postal postcode prefer preference preferences preferred prefix premium present preview previous price
primary print priority privacy private problem process processed processing product profile progress project promotion
proof properties property protected protocol provider province provision proxy public publish published purchase
purpose push quality quantity query question queue queued quick quota quote random range rank rate rating ratio raw
reached read readable ready real reason received recent recipient recipients record records recurring redirect reduced
ref reference referral refresh refund region register registered registration rejected related relation release
remaining remark remarks remote remove removed rename renamed renew repeat replace replaced replied reply report
request requested requests required reset resolution resource resources response responses restricted result results
retention retries retry return returned revenue review revision revoked right role roles root round route row rows
rule rules run running safe salary sale sales salutation same sample saved scale schedule scheduled schema scope score
scores screen script search season second secondary seconds secret section secure security seen segment segments
select selected self sell send sender sending sent sequence serial series server service services session set setting
settings settled sex shape share shared shipping shoe short show shown side sign signature signed silent similar
simple since single site size skip skipped slot slug small sms social soft sold some sort sorted source sources space
spam special specification speed spent staff stage standard start started state statement static statistics stats
status step steps stock stop stopped storage store stored strategy stream street strict string structure style sub
subject submitted subscribe subscribed subscriber subscribers subscription subscriptions subtitle success successful
such suffix suggestion sum summary supplier support supported surname suspended switch symbol sync synced system tab
table tag tags target task tax team telephone template temporary tenant term terms test text theme then thing this
thread threshold thumbnail ticket time timeout times timestamp timezone title to today toggle token tokens too tool
top topic total totals trace track tracked tracking traffic transaction transfer transferred translation trash tree
trial trigger true trusted try turn twice two type types undelivered undo unique unit units unknown unlimited unread
unsubscribe unsubscribed until unused up update updated updates upload uploaded upper uri url urls usage use used user
username users uuid valid validate validated validation validity value values variable variant vat vendor verified
verify version via video view viewed views vip visibility visible visit visits voice volume voucher wait waiting
warning warnings was web webhook website week weekly weight what when where which whitelist whole width window with
without word words work worker workflow workspace write written wrong year years yes yet zip zone

adres alias blad bledy data dzien faks firma grupa grupy haslo identyfikator ilosc imie klient klucz kod kolejka
komentarz komorka komunikat koniec kontakt kontakty konto kraj kwota liczba lista miasto nadawca nazwa nazwisko nip
numer odbiorca odpowiedz opis pesel plec poczta podatek pole poziom regon rodzaj status strona suma szablon telefon
temat tresc typ tytul ulica uwagi uzytkownik wartosc wiadomosc wiek wojewodztwo wynik zgoda zgody zrodlo
"""
FIELD_WORDS = frozenset(_WORDS.split())
