"""What the router's streams do with an event, in Bloblang, Bento's language. `router_streams` puts it together. Pure.

A mapping that throws leaves its message as it was, its metadata too. So each ends with the reason that counts should
the next one throw. `catch` clears an error; metadata tells what it was.
"""

REASONS = (
    "malformed",
    "unrouted",
    "too-large",
    "unreadable",
    "unavailable",
    "refused",
    "failed",
    "garbage",
)
"""Why an event is a dead letter; docs/flows.md explains each."""

ACCEPT = r"""
# CloudEvents over Kafka: binary, with headers ce_*, or structured, as JSON. From here on all are structured.
let kind = @"content-type".string().catch("")
map attributes {
  root = @.filter(item -> item.key.has_prefix("ce_")).map_each_key(key -> key.trim_prefix("ce_"))
  root.datacontenttype = if this != "" { this } else { deleted() }
}
map data {
  root = match {
    content().length() == 0 => {}
    this.re_match("^application/(json|[^;]*\\+json)") => {"data": content().parse_json()}
    this.has_prefix("text/") => {"data": content().string()}
    _ => {"data_base64": content().encode("base64")}
  }
}
let event = match {
  @ce_specversion.or(null) == null => content().parse_json()
  _ => $kind.apply("attributes").assign($kind.apply("data"))
}
let named = $event.keys().filter(name -> name.re_match("^[a-z0-9]+$") || name == "data_base64")
let fault = match {
  $event.specversion.or("") != "1.0" => "specversion is not 1.0"
  $event.id.or("") == "" => "id is missing"
  $event.source.or("") == "" => "source is missing"
  $event.type.or("") == "" => "type is missing"
  $named.length() != $event.keys().length() => "attributes have names of lower case letters and digits"
  _ => ""
}
let own = "%v/%v".format($event.source, $event.id)
let key = $event.idempotencykey.or($own)
root = if $fault != "" { throw("no CloudEvent: " + $fault) } else {
  $event.assign({
    "correlationid": $event.correlationid.or($event.id),
    "idempotencykey": $key,
    "partitionkey": $event.partitionkey.or(if @kafka_key.or("") != "" { @kafka_key } else { $key }),
    "replays": $event.replays.number().catch(0)
  })
}
meta reason = "unrouted"
"""

KEEP = r"""
meta event = this
meta key = this.partitionkey
meta "content-type" = "application/cloudevents+json; charset=UTF-8"
meta reason = "too-large"
"""

TAKE = r"""
let event = content().parse_json()
root = if $event.id.or("").type() == "string" && $event.partitionkey.or("") != "" { $event } else {
  throw("no event of a router; producers write to the events topic")
}
meta event = $event
meta key = $event.partitionkey
meta "content-type" = "application/cloudevents+json; charset=UTF-8"
meta traceparent = $event.traceparent.or(deleted())
meta tracestate = $event.tracestate.or(deleted())
meta "x-request-id" = $event.id
meta "idempotency-key" = $event.idempotencykey.or(deleted())
meta verdict = "answered"
meta reason = "unreadable"
"""

ASK = r"""
meta reason = "unavailable"
"""

# Of a call that failed: whether the model cannot be asked at all now, refuses this event, or fails.
CLASSIFY = r"""
let code = @http_status_code.number().catch(0)
let away = [
  "connection refused", "no such host", "no route to host", "network is unreachable", "server misbehaving",
  "dial tcp"
]
meta failure = error().string().slice(0, 500).catch(error().string())
meta verdict = match {
  $code == 429 || $code == 503 => "unavailable"
  $code == 408 || $code >= 500 => "failing"
  $code >= 300 => "refused"
  $away.any(words -> error().contains(words)) => "unavailable"
  _ => "failing"
}
"""

AGAIN = r"""
root = if @verdict == "failing" { throw(@failure) }
"""

EXHAUSTED = r"""
meta verdict = "failing"
"""

COUNT = r"""
meta attempts = @retry_count.number().catch(0) + if @verdict == "failing" { 0 } else { 1 }
"""

WAIT = r"""
root = if @verdict == "unavailable" { throw(@failure) }
"""

REASON = r"""
meta reason = match @verdict {
  "refused" => "refused"
  "failing" => "failed"
  _ => "garbage"
}
"""

JUDGE = r"""
root = if @verdict != "answered" { throw(@failure) }
"""

COMPOSE = r"""
let answer = this
let data = $answer.filter(item -> ["data", "data_base64", "datacontenttype"].contains(item.key))
let kept = @event.without("data", "data_base64", "dataref", "datacontenttype", "dataschema")
root = if $answer.data.or(null) == null && $answer.data_base64.or("") == "" { throw("the answer holds no data") } else {
  $kept.assign(@made).assign($data).assign({
    "id": "%v.%v".format(@event.id, @origin.step),
    "causationid": @event.id,
    "step": @origin.step,
    "time": now()
  })
}
meta reason = "too-large"
"""

SPREAD = r"""
root = @topics.map_each(topic -> {"topic": topic, "event": this})
"""

ALONE = r"""
root = [{"topic": @topic, "event": this}]
"""

# Adds what the router did with an event to what it writes, for the audit stream: never what is in the event.
NOTE = r"""
let event = this.index(0).event
let place = "%v/%v".format($event.flow.or(""), @origin.step.or("")).trim("/")
let call = @origin.step.or("") != ""
root = this.append({"topic": $audit, "event": {
  "specversion": "1.0",
  "id": "%v/%v/%v".format(@origin.topic, @kafka_partition.or("-"), @kafka_offset.or("-")),
  "source": $source,
  "type": $kind,
  "subject": $place,
  "time": now(),
  "datacontenttype": "application/json",
  "data": {
    "who": {"tenant": $tenant, "source": @event.source.or($event.data.source).or("unknown")},
    "did": if $call { "call" } else { "send" },
    "what": {"flow": $event.flow.or(""), "step": @origin.step.or(""), "model": $models.get($place).or("")},
    "outcome": $event.reason.or(if $call { "answered" } else { "accepted" }),
    "event": $event.causationid.or($event.id),
    "correlationid": $event.correlationid.or(""),
    "attempts": @attempts.or(0)
  }
}})
"""

EACH = r"""
meta topic = this.topic
meta event = deleted()
root = this.event
"""

# Takes whatever comes: a dead letter that could not be made would stand in the way of its partition.
BURY = r"""
let event = @event.or({})
let whole = $event != {} && $event.format_json().length() <= $most
root = {
  "specversion": "1.0",
  "id": "%v/%v/%v".format(@origin.topic, @kafka_partition.or("-"), @kafka_offset.or("-")),
  "source": $source,
  "type": $kind,
  "time": now(),
  "reason": @reason,
  "detail": error().string().slice(0, 500).catch(error().string().catch("")),
  "attempts": @attempts.or(0),
  "topic": @origin.topic,
  "replays": $event.replays.number().catch(0)
}
root.flow = @origin.flow.not_empty().catch(deleted())
root.step = @origin.step.not_empty().catch(deleted())
root.correlationid = $event.correlationid.or(deleted())
root.causationid = $event.id.or(deleted())
root.idempotencykey = $event.idempotencykey.or(deleted())
root.partitionkey = $event.partitionkey.or(deleted())
root.datacontenttype = match {
  $whole => "application/cloudevents+json"
  $event == {} => @"content-type".or("application/octet-stream")
  _ => deleted()
}
root.data = if $whole { $event } else { deleted() }
root.data_base64 = if $event == {} && content().length() <= $most / 2 { content().encode("base64") } else { deleted() }
meta topic = $topic
meta key = $event.partitionkey.or(@kafka_key).or("").string()
meta "content-type" = "application/cloudevents+json; charset=UTF-8"
meta event = deleted()
"""

REPLAY = r"""
let letter = content().parse_json().catch({})
let at = $letter.time.ts_unix().catch(0)
let replays = $letter.data.replays.number().catch(0)
let since = env("REPLAY_SINCE").or("").not_empty().catch("1970-01-01T00:00:00Z").ts_unix()
let until = env("REPLAY_UNTIL").or("").not_empty().catch(now()).ts_unix()
let wanted = [
  [env("REPLAY_FLOW"), $letter.flow], [env("REPLAY_STEP"), $letter.step], [env("REPLAY_REASON"), $letter.reason]
].all(pair -> pair.index(0).or("") == "" || pair.index(0) == pair.index(1).or(""))
let why = match {
  $letter.type.or("") != $kind || $letter.data.id.or("") == "" => "holds no event"
  $at < $since || $at > $until => "is out of the range of time"
  !$wanted => "does not match the filter"
  $replays >= $limit => "was replayed %v times, and stays".format($replays)
  !$topics.contains($letter.topic.or("")) => "came from a step that is no more"
  _ => ""
}
root = $letter.data.assign({"replays": $replays + 1}).catch({})
meta why = $why
meta topic = $letter.topic.or("")
meta key = $letter.data.partitionkey.or("")
meta told = "%v: %v of event %v %v".format(
  if $why == "" { "replayed" } else { "left" }, $letter.id.or("?"), $letter.data.id.or("?"), $why
)
meta "content-type" = "application/cloudevents+json; charset=UTF-8"
"""
