#pragma once
// Tells the applications how things stand: the key `guard:level`, and a message on the channel of
// the same name when something has changed.
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "keys/level_key.h"
#include "redis/client.h"

namespace redkeep::guard {

class LevelPublisher {
 public:
  using Alarms = std::optional<std::vector<std::string>>;  // see keys::PublishedLevel

  /// `name` is the whole name of key and channel, prefix included.
  LevelPublisher(std::shared_ptr<redis::Client> client, std::string name)
      : client_(std::move(client)), name_(std::move(name)) {}

  /// Writes the key when the level or `shedding_keeps_up` has changed, and every kLevelEvery, so it
  /// may be called at every turn. Nothing is written while blind: the level that was published
  /// grows old by itself. A server that refuses is not an error: nobody can be told then. Where the
  /// time cannot be had it is not tried again for kLevelEvery: telling must not hold up acting.
  /// Other `alarms` than before are written at once, too, and are no message.
  redis::awaitable<void> publish(PressureLevel level, bool shedding_keeps_up, Alarms alarms = {});

  /// Takes the key away and says "gone" on the channel: who asks after this need not wait until the
  /// level is old.
  redis::awaitable<void> withdraw();

 private:
  redis::awaitable<void> write(std::string text, bool changed);

  std::shared_ptr<redis::Client> client_;
  std::string name_;
  PressureLevel level_ = PressureLevel::Blind;  // as published last; blind: nothing was
  bool keeps_up_ = true;
  Alarms alarms_;
  std::chrono::steady_clock::time_point published_{};
  std::chrono::steady_clock::time_point rests_until_{};
};

}  // namespace redkeep::guard
