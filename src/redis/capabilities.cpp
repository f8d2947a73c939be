#include "redis/capabilities.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "error/error.h"

namespace redkeep::redis {
namespace {

// The value of a CONFIG GET of one name; nothing if refused or unknown to the server.
std::optional<std::string> config_value(const Reply& reply) {
  if (!reply.is_array() || reply.elements.size() != 2) return std::nullopt;
  return reply.elements[1].text;
}

// Of a key that is not there: nil, or under an LFU policy an error that names it.
bool answers_use(const Reply& reply) {
  return !reply.is_error() || reply.text.find("LFU") != std::string::npos;
}

std::optional<double> lfu_log_factor(const Reply& reply) {
  int factor = 0;
  const std::string text = config_value(reply).value_or("");
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), factor);
  if (failure != std::errc{} || end != text.data() + text.size() || factor < 0) return std::nullopt;
  return factor;
}

std::string refusal(const Reply& reply) { return printable(reply.text, 120); }

void read_info(const ServerInfo& info, Capabilities& found) {
  found.product = info.product();
  found.run_id = info.text("run_id").value_or("");
  found.eviction_policy = info.text("maxmemory_policy").value_or("");
  // "slave" in Redis and Valkey, "replica" in Dragonfly, "active-replica" in KeyDB.
  found.is_replica = info.text("role").value_or("master") != "master";
}

// Errors with which servers that answer every question refuse to write.
bool refuses_writes(const Reply& reply) {
  constexpr std::array<std::string_view, 4> kWords{"NOREPLICAS ", "MISCONF ", "READONLY ", "OOM "};
  return reply.is_error() &&
         std::any_of(kWords.begin(), kWords.end(),
                     [&reply](std::string_view word) { return reply.text.starts_with(word); });
}

// Then a script may not run it either. What is said of one key is not true of all.
bool is_command_refused(const Reply& reply) {
  return reply.is_error() && error_from_reply("PEXPIRE", reply).kind == ErrorKind::NotPermitted &&
         reply.text.find(" key") == std::string::npos;
}

// XX came with Redis 7.0; for where it could not be tried.
bool should_know_xx(const ServerInfo& info) {
  const std::string_view version = info.text("redis_version").value_or("");
  int major = 0;
  std::from_chars(version.data(), version.data() + version.size(), major);
  return major >= 7;
}

void read_deletion(const Reply& pexpire, const ServerInfo& info, Capabilities& found) {
  found.pexpire_xx = pexpire.is_integer();
  if (found.is_replica) {
    found.cannot_shed = "this server is a replica: shed on its master";
  } else if (refuses_writes(pexpire)) {
    found.pexpire_xx = should_know_xx(info);
    found.writes_refused =
        fmt::format("nothing can be shed at the moment, because the server refuses writes ({})",
                    refusal(pexpire));
  } else if (is_command_refused(pexpire)) {
    found.cannot_shed = fmt::format(
        "nothing can be shed, because PEXPIRE is refused ({}): allow it to this user (ACL SETUSER "
        "NAME +pexpire)",
        refusal(pexpire));
  }
}

void note_limitations(const Reply& pexpire, const Reply& usage, const Reply& config,
                      Capabilities& found) {
  auto& said = found.limitations;
  if (found.is_replica) {
    said.push_back("this server is a replica: nothing is shed here, only watched");
  } else if (!found.cannot_shed.empty()) {
    said.push_back(found.cannot_shed);
  } else if (!found.writes_refused.empty()) {
    said.push_back(found.writes_refused + ": it is watched, and under pressure tried again");
  }
  if (!is_safe_policy(found.eviction_policy)) {
    said.push_back(fmt::format(
        "the eviction policy {} may evict keys without a TTL: protected keys are not safe until it "
        "is noeviction or volatile-*: CONFIG SET maxmemory-policy volatile-lfu",
        found.eviction_policy.empty() ? "is unknown and" : '"' + found.eviction_policy + '"'));
  }
  if (!found.memory_usage) {
    said.push_back(fmt::format("bytes by class are not known, because MEMORY USAGE is refused ({})",
                               refusal(usage)));
  }
  if (!found.pexpire_xx && found.cannot_shed.empty() && found.writes_refused.empty()) {
    said.push_back(fmt::format("shedding uses a small script, because PEXPIRE XX is refused ({})",
                               refusal(pexpire)));
  }
  if (!found.object_use) {
    said.push_back("what is shed is chosen by size alone, because OBJECT is refused");
  }
  if (!found.config_get) {
    said.push_back(fmt::format(
        "the server's settings are not known, because CONFIG is refused ({}): big collections are "
        "not shed",
        refusal(config)));
  } else if (!found.frees_in_background) {
    said.push_back("lazyfree-lazy-expire is off: big collections are not shed");
  }
}

}  // namespace

bool is_safe_policy(std::string_view policy) {
  return policy == "noeviction" || policy.starts_with("volatile-");
}

awaitable<Result<Capabilities>> probe_capabilities(std::shared_ptr<Client> client,
                                                   std::string probe_key, ServerSettings settings) {
  CommandBuffer ask;
  ask.add({"INFO"});
  ask.add({"PEXPIRE", probe_key, "-1", "XX"});
  ask.add({"MEMORY", "USAGE", probe_key});
  ask.add({"CONFIG", "GET", "lazyfree-lazy-expire"});
  ask.add({"OBJECT", "IDLETIME", probe_key});
  ask.add({"CONFIG", "GET", "lfu-log-factor"});
  auto answers = co_await client->exchange(std::move(ask));
  if (!answers) co_return answers.error();
  const Reply& info = (*answers)[0];
  if (!info.string()) co_return unexpected_reply("INFO", info);

  const auto fields = ServerInfo::parse(*info.string());
  if (const Status loaded = require_loaded(fields); !loaded) co_return loaded.error();
  for (const Reply& answer : *answers) {
    if (!answer.is_error() || refuses_writes(answer)) continue;
    const Error error = error_from_reply("a probe", answer);
    if (error.kind == ErrorKind::ServerBusy) co_return error;
  }

  Capabilities found;
  read_info(fields, found);
  read_deletion((*answers)[1], fields, found);
  found.memory_usage = !(*answers)[2].is_error();
  found.config_get = (*answers)[3].is_array();
  found.object_use = answers_use((*answers)[4]);
  found.lfu_log_factor = lfu_log_factor((*answers)[5]).value_or(found.lfu_log_factor);
  const auto lazy = config_value((*answers)[3]);
  found.frees_in_background = lazy == "yes";
  if (lazy == "no" && !found.is_replica && settings == ServerSettings::MayChange) {
    std::vector<std::string> set{"CONFIG", "SET", "lazyfree-lazy-expire", "yes"};
    const auto done = co_await client->call(std::move(set));
    found.frees_in_background = done.ok();
    if (done)
      found.changes.push_back(
          "lazyfree-lazy-expire was turned on, so that keys are freed in the background");
  }
  note_limitations((*answers)[1], (*answers)[2], (*answers)[3], found);
  co_return found;
}

}  // namespace redkeep::redis
