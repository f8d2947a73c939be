#include "wire/small_keyspace.h"

#include <algorithm>

#include "wire/resp_text.h"

namespace redkeep::wire {

SmallKeyspace::SmallKeyspace(std::vector<Key> keys, std::int64_t other_bytes, std::size_t page_keys)
    : keys_(std::move(keys)), other_bytes_(other_bytes), page_keys_(page_keys) {
  info_ = {{"redis_version", "7.0.15"},
           {"run_id", "0123456789abcdef"},
           {"role", "master"},
           {"maxmemory", "100000"},
           {"maxmemory_policy", "volatile-lfu"},
           {"lazyfree_pending_objects", "0"}};
}

void SmallKeyspace::install(Answers& answers) {
  answers.on("PING", status("PONG"));
  answers.on("INFO", [this](const Command&) { return bulk(info_text()); });
  answers.on("SCAN", [this](const Command& command) { return scan(command); });
  answers.on("CONFIG GET", array({bulk("lazyfree-lazy-expire"), bulk("yes")}));
  answers.on("PEXPIRE", [this](const Command& command) { return expire(command[1]); });
  // The lease, which whoever asks has; or the way to shed without PEXPIRE XX.
  answers.on("EVAL", [this](const Command& command) {
    return command[3].ends_with("guard:lease") ? array({bulk("5"), bulk(command[4] + " 1 5 5 -")})
                                               : expire(command[3]);
  });
  answers.on("MEMORY USAGE", [this](const Command& command) {
    const std::lock_guard lock(mutex_);
    const Key* key = find(command[2]);
    return key != nullptr ? integer(key->bytes) : nil();
  });
  answers.on("OBJECT", [this](const Command& command) {
    const std::lock_guard lock(mutex_);
    const Key* key = find(command[2]);
    return key != nullptr ? integer(key->use) : nil();
  });
  answers.on("TYPE", [this](const Command& command) {
    const std::lock_guard lock(mutex_);
    const Key* key = find(command[1]);
    return status(key != nullptr ? key->type : "none");
  });
  answers.on("PTTL", [this](const Command& command) {
    const std::lock_guard lock(mutex_);
    const Key* key = find(command[1]);
    return integer(key == nullptr ? -2 : key->fate == Fate::Persistent ? -1 : 60'000);
  });
}

void SmallKeyspace::info(const std::string& field, const std::string& value) {
  const std::lock_guard lock(mutex_);
  if (value.empty()) {
    info_.erase(field);
  } else {
    info_[field] = value;
  }
}

// Nothing if it is gone.
const SmallKeyspace::Key* SmallKeyspace::find(const std::string& name) const {
  const auto found = std::find_if(keys_.begin(), keys_.end(), [&](const Key& key) {
    return key.name == name && key.fate != Fate::Ghost && !shed_.contains(name);
  });
  return found != keys_.end() ? &*found : nullptr;
}

bool SmallKeyspace::holds(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  return find(name) != nullptr;
}

std::int64_t SmallKeyspace::sum() const {
  std::int64_t bytes = other_bytes_;
  for (const auto& key : keys_) {
    if (key.fate != Fate::Ghost && !shed_.contains(key.name)) bytes += key.bytes;
  }
  return bytes;
}

std::int64_t SmallKeyspace::used_bytes() const {
  const std::lock_guard lock(mutex_);
  return sum();
}

std::string SmallKeyspace::scan(const Command& command) const {
  const std::lock_guard lock(mutex_);
  const auto begin = static_cast<std::size_t>(std::stoull(command[1]));
  const auto end = std::min(begin + page_keys_, keys_.size());
  std::vector<std::string> page;
  for (std::size_t i = begin; i < end; ++i) {
    if (!shed_.contains(keys_[i].name)) page.push_back(keys_[i].name);
  }
  return scan_page(end < keys_.size() ? std::to_string(end) : "0", page);
}

std::string SmallKeyspace::expire(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const Key* key = find(name);
  if (key == nullptr || key->fate == Fate::Persistent) return integer(0);
  shed_[name] = true;
  return integer(1);
}

std::string SmallKeyspace::info_text() const {
  const std::lock_guard lock(mutex_);
  auto fields = info_;
  fields.try_emplace("used_memory", std::to_string(sum()));
  std::string text = "# Server\r\n";
  for (const auto& [field, value] : fields) {
    text += fmt::format("{}:{}\r\n", field, value);
  }
  return text;
}

std::vector<SmallKeyspace::Key> keys_named(const std::string& start, int count,
                                           std::int64_t bytes) {
  std::vector<SmallKeyspace::Key> keys;
  for (int i = 0; i < count; ++i) {
    SmallKeyspace::Key key;
    key.name = start + std::to_string(i);
    key.bytes = bytes;
    keys.push_back(std::move(key));
  }
  return keys;
}

}  // namespace redkeep::wire
