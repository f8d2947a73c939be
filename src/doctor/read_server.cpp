#include "doctor/read_server.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "doctor/feature_probes.h"
#include "doctor/key_sample.h"
#include "error/error.h"
#include "guard/forecast_key.h"
#include "keys/level_key.h"

namespace redkeep::doctor {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::array<std::string_view, 6> kSettings{"save",
                                                    "lazyfree-lazy-expire",
                                                    "lazyfree-lazy-eviction",
                                                    "stop-writes-on-bgsave-error",
                                                    "maxmemory-clients",
                                                    "replica-ignore-maxmemory"};

// Where the replies to the settings' questions begin; those to the probes follow.
constexpr std::size_t kFirstSetting = 7;

void take_settings(const std::vector<redis::Reply>& replies, ServerReading& reading) {
  for (std::size_t i = 0; i < kSettings.size(); ++i) {
    const redis::Reply& reply = replies[kFirstSetting + i];
    if (!reply.is_array() || reply.elements.size() != 2) continue;
    reading.settings.emplace(kSettings[i], printable(reply.elements[1].text));
  }
}

void take_guard(const redis::Reply& level, const redis::Reply& foreseen, const redis::Reply& time,
                ServerReading& reading) {
  reading.is_guarded = keys::read_level(level, time).has_value();
  if (const auto aged = guard::aged_forecast(foreseen, time)) reading.forecast = aged->forecast;
}

// Of a replica: "slave", the master's host and port, the link's state, the offset.
void take_link_state(const redis::Reply& role, ServerReading& reading) {
  if (role.is_array() && role.elements.size() == 5 && role.elements[3].is_string()) {
    reading.link_state = printable(role.elements[3].text);
  }
}

Result<ServerReading> take_replies(const std::vector<redis::Reply>& replies,
                                   const std::vector<Probe>& probes) {
  ServerReading reading;
  const redis::Reply& info = replies[0];
  if (info.is_error()) {
    const Error error = redis::error_from_reply("INFO", info);
    reading.is_busy = info.text.starts_with("BUSY");
    if (reading.is_busy) return reading;
    if (const auto refusal = refusal_in({"info", "info", {}}, info)) {
      reading.refusals.push_back(*refusal);
      reading.info_refusal = refusal->said;
    } else {
      return error;
    }
  } else if (const auto text = info.string()) {
    reading.info = redis::ServerInfo::parse(*text);
  } else {
    return redis::unexpected_reply("INFO", info);
  }
  if (const auto user = replies[1].string()) reading.user = printable(*user);
  take_guard(replies[2], replies[3], replies[4], reading);
  take_link_state(replies[5], reading);
  if (const auto mark = replies[6].string()) reading.load_mark = std::string(*mark);
  take_settings(replies, reading);
  for (std::size_t i = 0; i < probes.size(); ++i) {
    auto refusal = refusal_in(probes[i], replies[kFirstSetting + kSettings.size() + i]);
    if (refusal) reading.refusals.push_back(std::move(*refusal));
  }
  return reading;
}

redis::awaitable<Result<KeySample>> take_sample(std::shared_ptr<redis::Client> client,
                                                const keys::ClassTable& table, ReadOptions options,
                                                bool with_bytes) {
  const auto begun = Clock::now();
  KeySampler sampler(table, options, with_bytes);
  for (;;) {
    auto commands = sampler.next_commands(Clock::now() - begun < options.sample_time);
    if (commands.empty()) co_return sampler.finish();
    auto replies = co_await client->exchange(std::move(commands));
    if (!replies) co_return replies.error();
    sampler.take(*replies);
  }
}

void add(std::vector<Refusal> more, ServerReading& reading) {
  std::move(more.begin(), more.end(), std::back_inserter(reading.refusals));
}

// What has an effect is only queued, and dropped. In two exchanges: where MULTI were refused, what
// comes behind it would be carried out.
redis::awaitable<Status> try_queued(std::shared_ptr<redis::Client> client,
                                    const keys::KeySchema& schema, ServerReading& reading) {
  const auto probes = queued_probes(schema);
  const auto& refusals = reading.refusals;
  const auto discard = std::find_if(refusals.begin(), refusals.end(), [](const Refusal& refusal) {
    return refusal.command == "discard";
  });
  if (discard != refusals.end()) {
    Refusal multi = *discard;
    multi.command = "multi";
    add(refused_with_multi(probes, multi), reading);
    co_return Status{};
  }
  redis::CommandBuffer first;
  first.add({"MULTI"});
  first.add({"DISCARD"});
  const auto opened = co_await client->exchange(std::move(first));
  if (!opened) co_return opened.error();
  const std::uint64_t connection = client->generation();
  if (const auto multi = refusal_in({"content-writing", "multi", {}}, opened->front())) {
    add(refused_with_multi(probes, *multi), reading);
  }
  if (opened->front().is_error() || opened->back().is_error()) co_return Status{};
  redis::CommandBuffer ask;
  ask.add({"MULTI"});
  for (const auto& probe : probes) ask.add(probe.words);
  ask.add({"DISCARD"});
  const auto replies = co_await client->exchange(std::move(ask), connection);
  if (!replies) co_return replies.error();
  for (std::size_t i = 0; i < probes.size(); ++i) {
    auto refusal = refusal_in(probes[i], (*replies)[1 + i]);
    if (refusal) reading.refusals.push_back(std::move(*refusal));
  }
  co_return Status{};
}

}  // namespace

redis::awaitable<Result<ServerReading>> read_server(std::shared_ptr<redis::Client> client,
                                                    const keys::ClassTable& table,
                                                    keys::KeySchema schema, ReadOptions options) {
  const auto probes = feature_probes(schema);
  redis::CommandBuffer ask;
  ask.add({"INFO"});
  ask.add({"ACL", "WHOAMI"});
  ask.add({"GET", schema.guard("level")});
  ask.add({"GET", schema.guard("forecast")});
  ask.add({"TIME"});
  ask.add({"ROLE"});
  ask.add({"GET", schema.guard("load")});
  for (const auto setting : kSettings) ask.add({"CONFIG", "GET", setting});
  for (const auto& probe : probes) ask.add(probe.words);
  const auto replies = co_await client->exchange(std::move(ask));
  if (!replies) co_return replies.error();
  auto reading = take_replies(*replies, probes);
  const std::string& user = client->options().user;
  if (reading && !(*replies)[1].is_string() && !user.empty()) reading->user = printable(user);
  if (!reading || reading->is_busy || reading->is_loading()) co_return reading;
  if (const Status tried = co_await try_queued(client, schema, *reading); !tried) {
    co_return tried.error();
  }
  const bool with_bytes =
      std::none_of(reading->refusals.begin(), reading->refusals.end(),
                   [](const Refusal& refusal) { return refusal.feature == "sizes"; });
  auto sample = co_await take_sample(client, table, options, with_bytes);
  if (!sample) co_return sample.error();
  reading->sample = std::move(*sample);
  co_return reading;
}

}  // namespace redkeep::doctor
