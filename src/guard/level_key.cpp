#include "guard/level_key.h"

#include <array>
#include <charconv>

#include "error/error.h"

namespace redkeep::guard {
namespace {

std::optional<std::int64_t> whole(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

}  // namespace

std::string print_level(const PublishedLevel& published) {
  return fmt::format("{} {}", to_string(published.level), published.server_time.count());
}

std::optional<PublishedLevel> parse_level(std::string_view text) {
  const auto blank = text.find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  const auto time = whole(text.substr(blank + 1));
  for (const auto level : {PressureLevel::Normal, PressureLevel::Warning, PressureLevel::Critical,
                           PressureLevel::Blind}) {
    if (time && to_string(level) == text.substr(0, blank)) {
      return PublishedLevel{level, std::chrono::milliseconds{*time}};
    }
  }
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> parse_server_time(const redis::Reply& reply) {
  if (!reply.is_array() || reply.elements.size() != 2) return std::nullopt;
  const auto seconds = whole(reply.elements[0].text);
  const auto microseconds = whole(reply.elements[1].text);
  if (!seconds || !microseconds) return std::nullopt;
  return std::chrono::milliseconds{*seconds * 1000 + *microseconds / 1000};
}

redis::awaitable<Result<std::optional<PressureLevel>>> read_level(
    std::shared_ptr<redis::Client> client, std::string key) {
  redis::CommandBuffer ask;
  ask.add({"GET", key});
  ask.add({"TIME"});
  auto answers = co_await client->exchange(std::move(ask));
  if (!answers) co_return answers.error();
  const auto now = parse_server_time((*answers)[1]);
  const auto text = (*answers)[0].string();
  std::optional<PressureLevel> level;
  if (now && text) {
    const auto published = parse_level(*text);
    if (published && *now - published->server_time < kLevelGoodFor) level = published->level;
  }
  co_return level;
}

}  // namespace redkeep::guard
