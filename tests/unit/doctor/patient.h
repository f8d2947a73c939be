#pragma once
// A server in good health, to be made ill in one respect.
#include <map>
#include <set>
#include <string>

#include "doctor/judge.h"

namespace redkeep::doctor {

class Patient {
 public:
  Patient() {
    reading.settings = {{"save", "3600 1"},
                        {"lazyfree-lazy-expire", "yes"},
                        {"lazyfree-lazy-eviction", "yes"},
                        {"stop-writes-on-bgsave-error", "yes"}};
    for (int i = 0; i < 30; ++i)
      add_key("reed:page:cache:/" + std::to_string(i) + ":eu:plain", true);
    for (int i = 0; i < 30; ++i) add_key("reed:type_of:" + std::to_string(i), false);
  }

  void add_key(const std::string& key, bool has_ttl, std::optional<std::int64_t> bytes = 200) {
    reading.sample.keys.push_back({key, table.classify(key), has_ttl, bytes});
  }

  std::vector<Finding> judge() {
    std::string text;
    for (const auto& [field, value] : info) text += field + ":" + value + "\r\n";
    reading.info = redis::ServerInfo::parse(text);
    return doctor::judge(reading, table, options);
  }

  std::set<std::string> names() {
    std::set<std::string> names;
    for (const auto& finding : judge()) names.insert(finding.name);
    return names;
  }

  std::map<std::string, std::string> info{{"redis_version", "7.0.15"},
                                          {"role", "master"},
                                          {"connected_slaves", "0"},
                                          {"used_memory", "1000000000"},
                                          {"used_memory_rss", "1100000000"},
                                          {"maxmemory", "2000000000"},
                                          {"maxmemory_policy", "volatile-lfu"},
                                          {"total_system_memory", "16000000000"},
                                          {"mem_not_counted_for_evict", "0"},
                                          {"allocator_frag_ratio", "1.05"},
                                          {"allocator_frag_bytes", "50000000"},
                                          {"allocator_rss_bytes", "20000000"},
                                          {"mem_clients_normal", "100000"},
                                          {"mem_clients_slaves", "0"},
                                          {"connected_clients", "20"},
                                          {"maxclients", "10000"},
                                          {"loading", "0"},
                                          {"rdb_last_bgsave_status", "ok"},
                                          {"aof_enabled", "0"},
                                          {"aof_last_write_status", "ok"},
                                          {"aof_last_bgrewrite_status", "ok"},
                                          {"evicted_keys", "0"},
                                          {"db0", "keys=1000,expires=400,avg_ttl=100000"}};
  keys::ClassTable table = *keys::ClassTable::compile("reed:", default_key_classes());
  ServerReading reading;
  JudgeOptions options{PressureOptions{}, "reed:", 0};
};

}  // namespace redkeep::doctor
