#!/usr/bin/env bash
# A purchase from the catalogue to the signed contract, by program: the same ten steps as in the browser.
#
#   cargo run --release -- demo          # in one terminal
#   bash docs/api-walk.sh                # in another; needs curl and jq
#
# Every call is one that you can type yourself. Only the sign-in is the demonstration's: on a live portal each person
# makes the token under 我的账号 – 程序令牌.
set -euo pipefail

portal=${1:-http://127.0.0.1:8080}
api=$portal/api/v1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
password=sanshe-demo-2026

say() { printf '\n== %s\n' "$*"; }

# A page's form token, for the two things that have no API: signing in and the demonstration's clock.
csrf() { grep -o 'name="csrf" value="[0-9a-f]*"' | head -1 | cut -d'"' -f4; }

# token NAME SCOPE…: signs in with one click and makes a token for a day's work.
token() {
  local name=$1 jar=$work/$1.jar scopes=() scope; shift
  for scope; do scopes+=(--data-urlencode "scope=$scope"); done
  curl -sf -c "$jar" -b "$jar" "$portal/sign-in" -o "$work/page"
  curl -sf -c "$jar" -b "$jar" -o /dev/null "$portal/demo/sign-in" \
    --data-urlencode "csrf=$(csrf < "$work/page")" --data-urlencode "email=$name@demo.invalid"
  curl -sf -c "$jar" -b "$jar" "$portal/account/tokens" -o "$work/page"
  curl -sf -c "$jar" -b "$jar" "$portal/account/tokens" \
    --data-urlencode "csrf=$(csrf < "$work/page")" --data-urlencode "name=api-walk" \
    --data-urlencode "days=7" "${scopes[@]}" | grep -o 'sanshe_[0-9a-f]\{64\}' > "$work/$name.token"
}

# The demonstration's clock, one day or one event forward.
clock() {
  local jar=$work/clock.jar
  curl -sf -c "$jar" -b "$jar" "$portal/sign-in" -o "$work/page"
  curl -sf -c "$jar" -b "$jar" -o /dev/null "$portal/demo/clock" \
    --data-urlencode "csrf=$(csrf < "$work/page")" --data-urlencode "move=$1"
}

# get NAME PATH: reads as this person ("-": as nobody); the ETag is left in $work/etag.
get() {
  local who=() ; [[ $1 == - ]] || who=(-H "Authorization: Bearer $(cat "$work/$1.token")")
  curl -sS --fail-with-body "${who[@]}" -D "$work/head" "$api$2" || { cat >&2; exit 1; }
  tr -d '\r' < "$work/head" | sed -n 's/^[Ee][Tt]ag: //p' > "$work/etag"
}

# post NAME PATH [JSON]: acts as this person; IF_MATCH=… names the version that was read.
post() {
  local match=(); [[ -z ${IF_MATCH-} ]] || match=(-H "If-Match: $IF_MATCH")
  curl -sS -H "Authorization: Bearer $(cat "$work/$1.token")" -H 'Content-Type: application/json' \
    -H "Idempotency-Key: $RANDOM$RANDOM$RANDOM" "${match[@]}" "$api$2" -d "${3-{\}}" -o "$work/answer" -w '%{http_code}' > "$work/status"
  if [[ $(cat "$work/status") != 200 ]]; then echo "$1 POST $2: $(cat "$work/status")" >&2; jq . "$work/answer" >&2; exit 1; fi
  cat "$work/answer"
}

# Publishing, opening, awarding and signing want proof of who it is, good for a while.
prove() { post "$1" /verify "{\"password\": \"$password\"}" > /dev/null; }

etag() { cat "$work/etag"; }

say "Tokens, each for one body and what it is needed for"
for name in officer officer2; do token $name projects catalogue contracts; done
token reviewer organizations
token signatory contracts
for name in chenxi yinghuo linsheng; do token $name bids contracts; done
for name in expert1 expert2 expert3 expert4 expert5 expert6; do token $name evaluation; done
get officer /me | jq -c '{name, body, roles, scopes}'

say "1  The catalogue: three levels; a new year's version is imported, whole or not at all, and published"
get - /catalogue | jq -c '.rows[] | {year, title}'
prove officer
printf '\xef\xbb\xbf一级目录代码,一级目录名称\r\n' > "$work/bad.csv"
curl -sS -H "Authorization: Bearer $(cat "$work/officer.token")" -F year=2027 -F title=目录 -F "file=@$work/bad.csv" \
  "$api/catalogue/import" | jq -c '{status, code, errors: [.errors[].detail]}'

say "2  An organization: who it is, and whether an officer has checked it"
get - '/organizations?q=&size=3' | jq -c '.rows[] | {id, name, scope}'
get reviewer /organizations/checks | jq -c '.rows[] | {id, name, state}'

say "3  A project is written, planned and published"
cat > "$work/project.json" <<'JSON'
{ "catalogue_code": "A0402", "title": "社区助老巡访服务（接口演示）", "requirement": "每周上门一次，每次不少于四十分钟。",
  "budget": "480000.00", "secured": true, "term_from": "2026-09-01", "term_to": "2027-08-31",
  "communities": ["320585100001", "320585100002"], "phone": "0512-00000000",
  "f1": "no", "f2": "no", "f3": "no", "f4": "no", "f5": "no", "f6": "no" }
JSON
post officer /projects "$(cat "$work/project.json")" | jq -c .
project=$(get officer '/projects/mine?size=1' | jq -r '.rows[0].id')
get officer "/projects/$project/plan" > /dev/null
cat > "$work/plan.json" <<'JSON'
{ "method": "comparison", "name_1": "服务方案", "measure_1": "五个要点，每点 0 至 14 分", "weight_1": "70",
  "name_2": "人员配备", "measure_2": "每名持证社工 5 分，最多 10 分", "weight_2": "10", "price_weight": "20",
  "questions_until": "2026-06-15T17:00", "closes_at": "2026-06-30T17:00" }
JSON
IF_MATCH=$(etag) post officer "/projects/$project/plan" "$(cat "$work/plan.json")" | jq -c .
planned=$(get officer "/projects/$project/plan" | jq .version)
get officer "/projects/$project" > /dev/null
prove officer
IF_MATCH=$(etag) post officer "/projects/$project/publish" "{\"tender_version\": $planned}" | jq -c .said
get - "/projects/$project" | jq -c '{number, title, state, closes: .tender.closes_at}'

say "4  A provider asks; the answer is for everybody, who asked is for nobody"
post chenxi "/projects/$project/questions" '{"question": "巡访记录是否需要纸质存档？"}' | jq -c .said
question=$(get officer "/projects/$project/questions" | jq '.rows[0].id')
get officer "/projects/$project/questions/$question" > /dev/null
IF_MATCH=$(etag) post officer "/projects/$project/questions/$question" '{"answer": "电子记录即可。"}' | jq -c .said
get - "/projects/$project/questions" | jq -c '.rows[] | {question, answer}'

say "5  Three bids: drafted, given a file, sealed. The receipt is signed"
price=400000
for name in chenxi yinghuo linsheng; do
  get $name "/projects/$project/bid" > /dev/null
  IF_MATCH=$(etag) post $name "/projects/$project/bid/draft" \
    "{\"price\": \"$price.00\", \"proposal\": \"每周巡访，建立台账。\", \"label-1\": \"人员\", \"amount-1\": \"$price.00\"}" > /dev/null
  printf '%%PDF-1.4\n%s\n%%%%EOF\n' "$name" > "$work/plan.pdf"
  curl -sS --fail-with-body -H "Authorization: Bearer $(cat "$work/$name.token")" \
    -F "files=@$work/plan.pdf" "$api/projects/$project/bid/files" > /dev/null
  get $name "/projects/$project/bid" > "$work/bid.json"
  IF_MATCH=$(etag) post $name "/projects/$project/bid/submit" \
    "$(jq -c '{file: [.files[].cipher_sha256]}' "$work/bid.json")" | jq -c .said
  get $name "/projects/$project/bid/receipt" | jq -c '{receipt_no: .receipt.receipt_no, received_at: .receipt.received_at}'
  price=$((price + 20000))
done

say "6  The portal closes at the deadline; two officers open together; the record is public"
until [[ $(get - "/projects/$project" | jq -r .tender.state) == closed ]]; do clock day; done
for name in officer officer2; do prove $name; post $name "/projects/$project/opening" | jq -c .said; done
get - "/projects/$project/opening" | jq -c '.bids[] | {bidder, price}'

say "7  The panel: drawn, declared, and each member scores alone"
post officer "/projects/$project/panel" '{"size": "3"}' | jq -c .said
for name in expert1 expert2 expert3 expert4 expert5 expert6; do
  tender=$(get $name /panel | jq --argjson project "$project" '.rows[] | select(.project == $project) | .tender')
  [[ -n $tender ]] || continue
  post $name "/panel/$tender/declare" '{"no_conflict": true}' > /dev/null
  for bid in $(get $name "/panel/$tender" | jq -r '.bids[].id'); do
    get $name "/panel/$tender" > /dev/null
    IF_MATCH=$(etag) post $name "/panel/$tender/bids/$bid" \
      '{"points_1": "60", "note_1": "方案完整", "points_2": "8.5", "note_2": "人员齐备"}' > /dev/null
  done
  get $name "/panel/$tender" > /dev/null
  IF_MATCH=$(etag) post $name "/panel/$tender/submit" | jq -c .said
done
get officer "/projects/$project/evaluation" > "$work/ranking.json"
jq -c '.rows[] | {rank, bidder, price, total}' "$work/ranking.json"

say "8  The award: told to everybody at the same moment, each loser sees its own score"
prove officer
IF_MATCH=$(etag) post officer "/projects/$project/award" "$(jq -c '{bid: .rows[0].bid}' "$work/ranking.json")" | jq -c .said
get - "/projects/$project/result" | jq -c '{winner, price}'
get linsheng "/projects/$project/result" | jq -c '.own | {rank, total}'

say "9  The contract: drawn up from the bid, signed by both sides, published"
prove officer
contract=$(post officer "/projects/$project/contract" | jq -r .page | grep -o '[0-9]*' | head -1)
get officer "/contracts/$contract" > /dev/null
IF_MATCH=$(etag) post officer "/contracts/$contract" \
  '{"payment": "每季度验收后支付四分之一。", "duties": "提供巡访名单。", "phone": "0512-00000000"}' > /dev/null
get officer "/contracts/$contract" > /dev/null
IF_MATCH=$(etag) post officer "/contracts/$contract/offer" | jq -c .said
winner=$(get chenxi "/projects/$project/result" | jq -r 'if .own.is_winner then "chenxi" else "other" end')
[[ $winner == chenxi ]]
for name in signatory chenxi; do
  prove $name
  post $name "/contracts/$contract/sign-by-password" "{\"password\": \"$password\"}" | jq -c .said
done
get - "/contracts/$contract" | jq -c '{number, state, provider, amount, term_to}'

say "10 A resident: who serves my community, and where to find 养老"
get - /communities/320585100001 | jq -c '.services[] | {title, provider, phone, term_to}'
get - '/search?q=%E5%85%BB%E8%80%81' | jq -c '[.rows[] | .kind] | group_by(.) | map({(.[0]): length}) | add'
