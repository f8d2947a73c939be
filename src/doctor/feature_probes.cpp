#include "doctor/feature_probes.h"

#include "error/error.h"

namespace redkeep::doctor {
namespace {

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
      {"keyspace", "dbsize", {"DBSIZE"}},
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
      {"guard-keys", "time", {"TIME"}},
      {"content-reading", "exists", {"EXISTS", key}},
      {"content-reading", "hget", {"HGET", key, "f"}},
      {"content-reading", "hmget", {"HMGET", key, "f"}},
      {"content-reading", "hgetall", {"HGETALL", key}},
      {"content-reading", "hrandfield", {"HRANDFIELD", key, "1"}, Unknown::IsFine},
      {"content-reading", "hpttl", {"HPTTL", key, "FIELDS", "1", "f"}, Unknown::IsFine},
      {"content-reading", "mget", {"MGET", key}},
      {"content-reading", "srandmember", {"SRANDMEMBER", key, "1"}},
      {"content-reading", "sscan", {"SSCAN", key, "0"}},
      {"content-reading", "scard", {"SCARD", key}},
      {"content-reading", "sismember", {"SISMEMBER", key, "m"}},
      {"content-reading", "smembers", {"SMEMBERS", key}},
      {"content-reading", "sinter", {"SINTER", key}},
      {"content-reading", "dump", {"DUMP", key}},
      {"content-writing", "persist", {"PERSIST", key}},
      {"content-writing", "hpersist", {"HPERSIST", key, "FIELDS", "1", "f"}, Unknown::IsFine},
      {"content-writing", "hdel", {"HDEL", key, "f"}},
      {"content-writing", "srem", {"SREM", key, "m"}},
      {"content-writing", "unlink", {"UNLINK", key}},
      // Refused as "without MULTI" by a server that permits them.
      {"content-writing", "exec", {"EXEC"}},
      {"content-writing", "discard", {"DISCARD"}},
      {"details", "role", {"ROLE"}, Unknown::IsFine},
      {"details", "memory|stats", {"MEMORY", "STATS"}, Unknown::IsFine},
      {"details", "slowlog|get", {"SLOWLOG", "GET", "1"}, Unknown::IsFine},
      // No server has such a setting.
      {std::string(kMending), "config|set", {"CONFIG", "SET", "redkeep-probe", "1"}},
  };
}

std::vector<Probe> queued_probes(const keys::KeySchema& schema) {
  const std::string key = schema.guard("doctor");
  const std::string mending(kMending);
  return {
      {"guard-keys", "publish", {"PUBLISH", key, ""}},
      {"content-writing", "hset", {"HSET", key, "f", "v"}},
      {"content-writing", "sadd", {"SADD", key, "m"}},
      {"content-writing", "mset", {"MSET", key, ""}},
      {"content-writing", "setrange", {"SETRANGE", key, "0", ""}},
      {mending, "config|rewrite", {"CONFIG", "REWRITE"}},
      {mending, "bgsave", {"BGSAVE"}},
      {mending, "bgrewriteaof", {"BGREWRITEAOF"}},
      {mending, "memory|purge", {"MEMORY", "PURGE"}},
  };
}

std::vector<Refusal> refused_with_multi(const std::vector<Probe>& queued, const Refusal& multi) {
  std::vector<Refusal> refusals{multi};
  if (multi.kind == Refusal::Kind::UnknownCommand) return refusals;
  for (const auto& probe : queued) {
    if (probe.feature == kMending) continue;
    refusals.push_back({probe.feature, probe.command, Refusal::Kind::Command, multi.said});
  }
  return refusals;
}

std::optional<Refusal> refusal_in(const Probe& probe, const redis::Reply& reply) {
  if (!reply.is_error()) return std::nullopt;
  const auto kind = kind_of(reply.text);
  if (!kind) return std::nullopt;
  if (*kind == Refusal::Kind::UnknownCommand && probe.unknown == Unknown::IsFine) {
    return std::nullopt;
  }
  return Refusal{probe.feature, probe.command, *kind, printable(reply.text, 120)};
}

}  // namespace redkeep::doctor
