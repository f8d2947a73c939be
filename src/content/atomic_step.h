#pragma once
// One atomic change of several keys on one server: conditions on what was read before, then writes.
// Either all of it happens or nothing. Pure; the command goes over any connection.
//
// A script rather than WATCH and MULTI, because many callers share one connection, and because it
// is one round trip. What can go wrong is found out before the first write: a condition that no
// longer holds, a key of another type, and a server that is out of memory.
#include <cstdint>
#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "content/graph_keys.h"
#include "redis/command_buffer.h"
#include "redis/reply.h"
#include "redkeep/result.h"

namespace redkeep::content {

class AtomicStep {
 public:
  // Conditions. An empty text means: not there. The first one of a step that adds something is a
  // require_value().
  void require_value(const std::string& key, std::string_view value);
  void require_field(const std::string& key, std::string_view field, std::string_view value);
  void require_members(const std::string& key, std::size_t count);

  // Writes, in this order. They leave no key with a TTL.
  void set(const std::string& key, std::string_view value) { write("string", "SET", key, {value}); }
  /// The whole hash: fields that it had before go.
  void replace_hash(const std::string& key, const HashFields& fields);
  void set_field(const std::string& key, std::string_view field, std::string_view value) {
    write("hash", "HSET", key, {field, value});
  }
  void remove_field(const std::string& key, std::string_view field) {
    write("hash", "HDEL", key, {field});
  }
  void add_member(const std::string& key, std::string_view member) {
    write("set", "SADD", key, {member});
  }
  void remove_member(const std::string& key, std::string_view member) {
    write("set", "SREM", key, {member});
  }
  void remove_string(const std::string& key) { write("string", "UNLINK", key, {}); }
  void remove_hash(const std::string& key) { write("hash", "UNLINK", key, {}); }
  void remove_set(const std::string& key) { write("set", "UNLINK", key, {}); }

  /// Sets a string that only tells how far something is. It may follow removals on a server that
  /// is out of memory: a script that has begun to write may go on, and PERSIST begins it.
  void advance(const std::string& key, std::string_view value);

  bool has_writes() const { return writes_ > 0; }
  void add_to(redis::CommandBuffer& commands) const;

  /// Reads the reply: 0 if it was applied, or which condition (from 1) did not hold.
  static Result<std::int64_t> failed_condition(const redis::Reply& reply);

 private:
  std::string number_of(const std::string& key);
  void write(std::string_view type, std::string_view command, const std::string& key,
             std::initializer_list<std::string_view> arguments);

  std::map<std::string, std::size_t> numbers_;
  std::vector<std::string> keys_;
  std::vector<std::string> condition_words_;
  std::vector<std::string> write_words_;
  std::size_t conditions_ = 0;
  std::size_t writes_ = 0;
  bool adds_ = false;
};

/// A sink of spread(): the step writes every piece of the record.
struct StepSink {
  AtomicStep& step;

  void hash(const std::string& key, const HashFields& fields) { step.replace_hash(key, fields); }
  void string(const std::string& key, std::string_view value) { step.set(key, value); }
  std::string_view member(std::string_view bytes) const { return bytes; }
  void in_set(const std::string& key, std::string_view member) { step.add_member(key, member); }
};

}  // namespace redkeep::content
