#include "doctor/feature_probes.h"

#include "error/error.h"

namespace redkeep::doctor {
namespace {

// For commands that cannot be tried without an effect; 1 where the server cannot tell (before Redis
// 7.0).
constexpr std::string_view kMayScript =
    "if not redis.acl_check_cmd then return 1 end "
    "return redis.acl_check_cmd(unpack(ARGV)) and 1 or 0";

bool is_indirect(const Probe& probe) {
  return probe.words.size() > 2 && probe.words[1] == kMayScript;
}

Probe indirect(std::string feature, std::string command, std::vector<std::string> words) {
  words.insert(words.begin(), {"EVAL", std::string(kMayScript), "0"});
  return {std::move(feature), std::move(command), std::move(words)};
}

std::optional<Refusal::Kind> kind_of(std::string_view said) {
  const auto says = [&](std::string_view part) { return said.find(part) != said.npos; };
  if (says("unknown command") || says("unknown subcommand") || says("Unknown subcommand")) {
    return Refusal::Kind::UnknownCommand;
  }
  if (!said.starts_with("NOPERM")) return std::nullopt;
  if (says("channel")) return Refusal::Kind::Channel;
  // "No permissions to access a key", "... to access one of the keys used as arguments".
  if (says("keys used") || says("access a key")) return Refusal::Kind::Keys;
  return Refusal::Kind::Command;
}

}  // namespace

std::vector<Probe> feature_probes(const keys::KeySchema& schema) {
  const std::string key = schema.guard("doctor");
  // Not guard:probe, which a load tries its commands on. No page has this path; and if one had, it
  // would be a page's cache and nothing else.
  const std::string cached = schema.page("redkeep-probe", "redkeep-probe", "redkeep-probe");
  return {
      {"keyspace", "scan", {"SCAN", "0", "COUNT", "1"}},
      {"keyspace", "type", {"TYPE", key}},
      {"keyspace", "pttl", {"PTTL", key}},
      {"sizes", "memory|usage", {"MEMORY", "USAGE", key}},
      {"use", "object|idletime", {"OBJECT", "IDLETIME", key}},
      {"use", "object|freq", {"OBJECT", "FREQ", key}},
      {"settings", "config|get", {"CONFIG", "GET", "maxmemory"}},
      {"shedding", "pexpire", {"PEXPIRE", cached, "-1", "XX"}},
      {"scripts", "eval", {"EVAL", "return 1", "1", key}},
      {"guard-keys", "get", {"GET", key}},
      {"guard-keys", "set", {"SET", key, "", "XX"}},
      indirect("guard-keys", "publish", {"PUBLISH", key, ""}),
      {"content-reading", "hgetall", {"HGETALL", key}},
      {"content-reading", "mget", {"MGET", key}},
      {"content-reading", "srandmember", {"SRANDMEMBER", key, "1"}},
      {"content-reading", "sscan", {"SSCAN", key, "0"}},
      {"content-writing", "persist", {"PERSIST", key}},
      {"content-writing", "hdel", {"HDEL", key, "f"}},
      {"content-writing", "srem", {"SREM", key, "m"}},
      {"content-writing", "unlink", {"UNLINK", key}},
      indirect("content-writing", "hset", {"HSET", key, "f", "v"}),
      indirect("content-writing", "sadd", {"SADD", key, "m"}),
  };
}

std::optional<Refusal> refusal_in(const Probe& probe, const redis::Reply& reply) {
  if (is_indirect(probe)) {
    if (!reply.is_integer() || reply.integer != 0) return std::nullopt;
    const auto kind = probe.command == "publish" ? Refusal::Kind::Channel : Refusal::Kind::Command;
    return Refusal{probe.feature, probe.command, kind, "the user may not run it"};
  }
  if (!reply.is_error()) return std::nullopt;
  const auto kind = kind_of(reply.text);
  if (!kind) return std::nullopt;
  return Refusal{probe.feature, probe.command, *kind, printable(reply.text, 120)};
}

}  // namespace redkeep::doctor
