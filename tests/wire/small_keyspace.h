#pragma once
// A keyspace of a few keys behind a scripted server: SCAN in pages, sizes, TTLs, and memory that
// falls when keys go, so that shedding and counting can be watched command by command.
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "wire/scripted_server.h"

namespace redkeep::wire {

class SmallKeyspace {
 public:
  enum class Fate {
    Mortal,      ///< Has a TTL, as a cache has.
    Persistent,  ///< Has none (any more).
    Ghost,       ///< SCAN still names it, but it is gone.
  };
  struct Key {
    std::string name;
    std::int64_t bytes = 1000;
    std::string type = "string";
    Fate fate = Fate::Mortal;
    std::int64_t use = 5;  ///< What OBJECT FREQ and OBJECT IDLETIME answer.
  };

  /// `other_bytes` is what the server uses beside the keys. A page has `page_keys` keys.
  explicit SmallKeyspace(std::vector<Key> keys, std::int64_t other_bytes = 0,
                         std::size_t page_keys = 10);

  /// Answers INFO, SCAN, MEMORY USAGE, OBJECT, TYPE, PTTL, PEXPIRE, CONFIG GET and EVAL (of the
  /// lease's and the shedder's script) from here on. Must outlive `answers`.
  void install(Answers& answers);

  /// Sets a field of INFO, or leaves it out if the value is empty. Unless it is set, used_memory is
  /// what the keys that are left take.
  void info(const std::string& field, const std::string& value);

  /// The reply to PEXPIRE.
  std::string expire(const std::string& name);
  bool holds(const std::string& name) const;
  std::int64_t used_bytes() const;

 private:
  std::string scan(const Command& command) const;
  std::string info_text() const;
  const Key* find(const std::string& name) const;
  std::int64_t sum() const;

  mutable std::mutex mutex_;
  std::vector<Key> keys_;
  std::map<std::string, bool> shed_;
  std::map<std::string, std::string> info_;
  std::int64_t other_bytes_;
  std::size_t page_keys_;
};

/// `count` keys named `start` + 0, 1, ...
std::vector<SmallKeyspace::Key> keys_named(const std::string& start, int count,
                                           std::int64_t bytes = 1000);

}  // namespace redkeep::wire
