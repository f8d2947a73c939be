#include "keys/level_key.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "error/error.h"

namespace redkeep::keys {
namespace {

constexpr std::string_view kKeepsUp = "keeps-up";
constexpr std::string_view kBehind = "behind";

std::optional<std::int64_t> whole(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

constexpr std::string_view kAlarms = "alarms=";
constexpr std::size_t kLongestAlarm = 40;

bool is_alarm_name(std::string_view name) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789-";
  return !name.empty() && name.size() <= kLongestAlarm &&
         name.find_first_not_of(kLetters) == std::string_view::npos;
}

std::string print_alarm_names(const std::vector<std::string>& alarms) {
  std::string names;
  std::size_t count = 0;
  for (const auto& name : alarms) {
    if (!is_alarm_name(name) || count++ == kMostAlarms) continue;
    names += (names.empty() ? "" : ",") + name;
  }
  return fmt::format(" {}{}", kAlarms, names);
}

// Out of the words between the level and the time.
std::optional<std::vector<std::string>> alarms_in(std::string_view words) {
  const auto at = words.find(kAlarms);
  if (at == std::string_view::npos || at == 0 || words[at - 1] != ' ') return std::nullopt;
  std::string_view names = words.substr(at + kAlarms.size());
  names = names.substr(0, names.find(' '));
  std::vector<std::string> alarms;
  while (!names.empty() && alarms.size() < kMostAlarms) {
    const auto comma = names.find(',');
    if (is_alarm_name(names.substr(0, comma))) alarms.emplace_back(names.substr(0, comma));
    names.remove_prefix(comma == std::string_view::npos ? names.size() : comma + 1);
  }
  return alarms;
}

}  // namespace

std::string print_level(const PublishedLevel& published) {
  return fmt::format(
      "{} {}{} {}", to_string(published.level), published.shedding_keeps_up ? kKeepsUp : kBehind,
      published.alarms ? print_alarm_names(*published.alarms) : "", published.server_time.count());
}

std::optional<PublishedLevel> parse_level(std::string_view text) {
  const auto first_blank = text.find(' ');
  if (first_blank == std::string_view::npos) return std::nullopt;
  const auto last_blank = text.rfind(' ');
  const auto time = whole(text.substr(last_blank + 1));
  if (!time) return std::nullopt;
  bool keeps_up = true;
  std::optional<std::vector<std::string>> alarms;
  if (last_blank > first_blank) {
    const auto between = text.substr(first_blank + 1, last_blank - first_blank - 1);
    const auto second = between.substr(0, between.find(' '));
    if (second.empty()) return std::nullopt;
    keeps_up = second != kBehind;
    alarms = alarms_in(between);
  }
  for (const auto level : {PressureLevel::Normal, PressureLevel::Warning, PressureLevel::Critical,
                           PressureLevel::Blind}) {
    if (to_string(level) != text.substr(0, first_blank)) continue;
    return PublishedLevel{level, std::chrono::milliseconds{*time}, keeps_up, std::move(alarms)};
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

std::optional<LevelReading> read_level(const redis::Reply& text, const redis::Reply& time) {
  const auto now = parse_server_time(time);
  const auto value = text.string();
  const auto published = value ? parse_level(*value) : std::nullopt;
  if (!now || !published) return std::nullopt;
  const auto age = *now - published->server_time;
  if (age >= kLevelGoodFor || age <= -kLevelGoodFor) return std::nullopt;
  return LevelReading{*published, std::max(age, std::chrono::milliseconds{0})};
}

redis::awaitable<Result<std::optional<PublishedLevel>>> ask_level(
    std::shared_ptr<redis::Client> client, std::string key) {
  redis::CommandBuffer ask;
  ask.add({"GET", key});
  ask.add({"TIME"});
  const auto answers = co_await client->exchange(std::move(ask));
  if (!answers) co_return answers.error();
  std::optional<PublishedLevel> level;
  if (const auto reading = read_level((*answers)[0], (*answers)[1])) level = reading->published;
  co_return level;
}

}  // namespace redkeep::keys
