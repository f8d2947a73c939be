#include "live/damaged_graph.h"

#include <set>
#include <sstream>

namespace redkeep::test {

void write_small_graph(const TemporaryDirectory& content) {
  write_content(
      content,
      entity_row(1, "page", "$root", "Root page") + entity_row(2, "page", "$start", "Start here") +
          entity_row(3, "user", "", "Ane") + entity_row(4, "snippet", "$foot", "Footer text"),
      association_row(1, 2, "/start", "contains", 3) + association_row(1, 4, "/foot:er") +
          association_row(2, 3, "/by", "references") +
          association_row(3, 4, "/uses", "references", -1));
}

void write_others_keys(Commands& redis) {
  redis.run({"SET", "reed:page:cache:/:eu:plain", "page", "EX", "1000"});
  redis.run({"SET", "reed:session:s1", "session", "EX", "1000"});
  redis.run({"RPUSH", "reed:queue:mail", "one", "two"});
  redis.run({"SET", "reed:lock:mail", "held", "EX", "1000"});
  redis.run({"SET", "reed:unclassified", "somebody's"});
  redis.run({"SET", "reed:entity:noid", "of no class"});
  redis.run({"SET", "other:entity:page:" + id_of(1), "another prefix"});
  redis.run({"HSET", "entity:page:" + id_of(1), "type", "no prefix"});
}

std::vector<DamageCase> damage_cases() {
  const std::string page = "reed:entity:page:" + id_of(2);
  const std::string link = "reed:assoc:/by";
  const std::string links = "reed:links:" + id_of(3);
  const std::string name = "reed:semantic:page:$start";
  std::vector<DamageCase> cases{
      {"MissingEntity", {{"DEL", page}}, "missing", page},
      {"MissingType", {{"DEL", "reed:type_of:" + id_of(2)}}, "missing", "reed:type_of:" + id_of(2)},
      {"MissingName", {{"DEL", name}}, "missing", name},
      {"MissingAssociation",
       {{"DEL", "reed:assoc:/foot%3Aer"}},
       "missing",
       "reed:assoc:/foot%3Aer"},
      {"MissingChildren",
       {{"DEL", "reed:children:" + id_of(1)}},
       "missing",
       "reed:children:" + id_of(1)},
      {"MissingParent", {{"DEL", "reed:parent:" + id_of(4)}}, "missing", "reed:parent:" + id_of(4)},
      {"MissingLinks", {{"DEL", links}}, "missing", links},
      {"MissingWord", {{"DEL", "reed:word:footer"}}, "missing", "reed:word:footer"},
      {"MissingTypeIndex", {{"DEL", "reed:type_index:user"}}, "missing", "reed:type_index:user"},
      {"ChangedField", {{"HSET", page, "data", "{}"}}, "changed", page},
      {"LostField", {{"HDEL", page, "semantic_name"}}, "changed", page},
      {"LostPath", {{"HDEL", page, "path"}}, "changed", page},
      {"FurtherField", {{"HSET", page, "color", "red"}}, "changed", page},
      {"SwappedFields",
       {{"HSET", link, "parent_id", id_of(3), "child_id", id_of(2)}},
       "changed",
       link},
      {"ChangedWeight", {{"HSET", link, "weight", "9"}}, "changed", link},
      {"ChangedType",
       {{"SET", "reed:type_of:" + id_of(3), "page"}},
       "changed",
       "reed:type_of:" + id_of(3)},
      {"ChangedParent",
       {{"SET", "reed:parent:" + id_of(4), id_of(2)}},
       "changed",
       "reed:parent:" + id_of(4)},
      {"EmptyString", {{"SET", name, ""}}, "changed", name},
      {"LostMember",
       {{"SREM", "reed:children:" + id_of(1), id_of(4)}},
       "changed",
       "reed:children:" + id_of(1)},
      {"FurtherMember", {{"SADD", "reed:word:footer", id_of(1)}}, "changed", "reed:word:footer"},
      {"ExchangedMember", {{"SREM", links, "/by"}, {"SADD", links, "/start"}}, "changed", links},
      // F27: somebody gave a protected key a TTL.
      {"Ttl", {{"EXPIRE", page, "1000"}}, "with_ttl", page},
      {"TtlOfAWord", {{"EXPIRE", "reed:word:footer", "1000"}}, "with_ttl", "reed:word:footer"},
      {"TtlOfAName", {{"PEXPIRE", name, "1000000"}}, "with_ttl", name},
      // F29: a key of the wrong type under a protected name.
      {"ListForAHash", {{"DEL", page}, {"RPUSH", page, "a", "b"}}, "wrong_type", page},
      {"ListForAString", {{"DEL", name}, {"RPUSH", name, "a"}}, "wrong_type", name},
      {"HashForASet", {{"DEL", links}, {"HSET", links, "a", "b"}}, "wrong_type", links},
      {"StringForASet", {{"SET", "reed:word:footer", "x"}}, "wrong_type", "reed:word:footer"},
      {"SetForAHash", {{"DEL", link}, {"SADD", link, "x"}}, "wrong_type", link},
      {"StreamForAString", {{"DEL", name}, {"XADD", name, "*", "a", "b"}}, "wrong_type", name},
      {"OrphanedWord", {{"SADD", "reed:word:gone", id_of(2)}}, "orphaned", "reed:word:gone"},
      {"OrphanedName",
       {{"SET", "reed:semantic:page:$old", id_of(2)}},
       "orphaned",
       "reed:semantic:page:$old"},
      {"OrphanedEntity",
       {{"HSET", "reed:entity:page:" + id_of(9), "type", "page", "data", "{}"}},
       "orphaned",
       "reed:entity:page:" + id_of(9)},
      {"OrphanOfAWrongType", {{"RPUSH", "reed:word:list", "x"}}, "orphaned", "reed:word:list"},
  };
  return cases;
}

std::int64_t writes_carried_out(Commands& redis) {
  static const std::set<std::string> kReads{
      "scan",   "sscan", "get",  "mget",      "hget",       "hgetall", "smembers",
      "type",   "pttl",  "ttl",  "info",      "dump",       "exists",  "client",
      "select", "keys",  "echo", "ping",      "lrange",     "xrange",  "config",
      "dbsize", "hmget", "auth", "sismember", "srandmember"};
  std::istringstream lines(redis.text({"INFO", "commandstats"}));
  std::int64_t writes = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("cmdstat_", 0) != 0) continue;
    const std::string command = line.substr(8, line.find_first_of(":|") - 8);
    if (kReads.count(command) == 0) writes += std::stoll(line.substr(line.find("calls=") + 6));
  }
  return writes;
}

}  // namespace redkeep::test
