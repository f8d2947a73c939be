#include "guard/level_publisher.h"

#include <spdlog/spdlog.h>

#include "error/error.h"
#include "redis/set_when_full.h"

namespace redkeep::guard {
namespace {

constexpr std::string_view kGone = "gone";

}  // namespace

redis::awaitable<void> LevelPublisher::publish(PressureLevel level, bool shedding_keeps_up,
                                               Alarms alarms) {
  const auto now = std::chrono::steady_clock::now();
  const bool changed = level != level_ || shedding_keeps_up != keeps_up_;
  const bool due = changed || alarms != alarms_ || now - published_ >= keys::kLevelEvery;
  if (!due || level == PressureLevel::Blind || now < rests_until_) co_return;
  rests_until_ = now + keys::kLevelEvery;
  std::vector<std::string> time{"TIME"};
  const auto reply = co_await client_->call(std::move(time));
  if (!reply) co_return;
  const auto server_time = keys::parse_server_time(*reply);
  if (!server_time) co_return;
  const keys::PublishedLevel now_published{level, *server_time, shedding_keeps_up, alarms};
  std::string text = keys::print_level(now_published);
  co_await write(std::move(text), changed);
  rests_until_ = {};
  level_ = level;
  keeps_up_ = shedding_keeps_up;
  alarms_ = std::move(alarms);
  published_ = now;
}

redis::awaitable<void> LevelPublisher::write(std::string text, bool changed) {
  redis::CommandBuffer commands;
  commands.add({"SET", name_, text});
  if (changed) commands.add({"PUBLISH", name_, text});
  const auto replies = co_await client_->exchange(std::move(commands));
  if (!replies) co_return;
  const redis::Reply& set = replies->front();
  if (!set.is_error()) co_return;
  const Error refused = redis::error_from_reply("SET", set);
  if (refused.kind != ErrorKind::OutOfMemory) {
    spdlog::debug("the level was not published: {}", refused.message);
    co_return;
  }
  const Status done = co_await redis::set_when_full(client_, name_, std::move(text));
  if (!done) spdlog::debug("the level was not published: {}", done.error().message);
}

redis::awaitable<void> LevelPublisher::withdraw() {
  if (level_ == PressureLevel::Blind) co_return;
  redis::CommandBuffer commands;
  commands.add({"UNLINK", name_});
  commands.add({"PUBLISH", name_, kGone});
  const auto done = co_await client_->exchange(std::move(commands));
  if (!done) spdlog::debug("the level was not withdrawn: {}", done.error().message);
  level_ = PressureLevel::Blind;
}

}  // namespace redkeep::guard
