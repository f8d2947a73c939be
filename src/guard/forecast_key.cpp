#include "guard/forecast_key.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <vector>

#include "error/error.h"
#include "keys/level_key.h"
#include "pressure/forecast.h"

namespace redkeep::guard {
namespace {

constexpr std::array kOutlooks{Outlook::NotKnown, Outlook::Steady, Outlook::Growing, Outlook::Held};
constexpr std::size_t kWordsOfOutlook = 6;

std::string print_seconds(const std::optional<std::chrono::seconds>& duration) {
  return duration ? std::to_string(duration->count()) : "-";
}

// The outlook's name without its blank.
std::string word_of(Outlook outlook) {
  return outlook == Outlook::NotKnown ? "unknown" : std::string(to_string(outlook));
}

std::string print_outlook(const GrowthOutlook& outlook) {
  return fmt::format(" {} {} {} {} {} {}", word_of(outlook.outlook), outlook.bytes,
                     std::llround(outlook.growth_bytes_per_hour), print_seconds(outlook.warning_in),
                     print_seconds(outlook.limit_in), outlook.observed.count());
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (;;) {
    const auto blank = text.find(' ');
    words.push_back(text.substr(0, blank));
    if (blank == std::string_view::npos) return words;
    text.remove_prefix(blank + 1);
  }
}

// Whole numbers, one after the other; `good` tells whether all of them were.
class Numbers {
 public:
  std::int64_t take(std::string_view word) {
    std::int64_t value = 0;
    const auto [end, failure] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (failure != std::errc{} || end != word.data() + word.size() || value < 0) good_ = false;
    return value;
  }
  std::optional<std::chrono::seconds> take_seconds(std::string_view word) {
    if (word == "-") return std::nullopt;
    return std::chrono::seconds{take(word)};
  }
  bool good() const { return good_; }

 private:
  bool good_ = true;
};

std::optional<GrowthOutlook> parse_outlook(const std::string_view* words) {
  const auto found = std::find_if(kOutlooks.begin(), kOutlooks.end(),
                                  [&](Outlook each) { return word_of(each) == words[0]; });
  if (found == kOutlooks.end()) return std::nullopt;
  Numbers numbers;
  GrowthOutlook outlook;
  outlook.outlook = *found;
  outlook.bytes = numbers.take(words[1]);
  outlook.growth_bytes_per_hour = static_cast<double>(numbers.take(words[2]));
  outlook.warning_in = numbers.take_seconds(words[3]);
  outlook.limit_in = numbers.take_seconds(words[4]);
  outlook.observed = std::chrono::seconds{numbers.take(words[5])};
  return numbers.good() ? std::optional(outlook) : std::nullopt;
}

}  // namespace

std::string print_forecast(const PublishedForecast& published) {
  return fmt::format("{}{}{}", published.server_time.count(),
                     print_outlook(published.forecast.total),
                     print_outlook(published.forecast.protected_data));
}

std::optional<PublishedForecast> parse_forecast(std::string_view text) {
  const auto words = words_of(text);
  if (words.size() != 1 + 2 * kWordsOfOutlook) return std::nullopt;
  Numbers numbers;
  const std::chrono::milliseconds time{numbers.take(words[0])};
  const auto total = parse_outlook(&words[1]);
  const auto protected_data = parse_outlook(&words[1 + kWordsOfOutlook]);
  if (!numbers.good() || !total || !protected_data) return std::nullopt;
  return PublishedForecast{{*total, *protected_data}, time};
}

redis::awaitable<Status> publish_forecast(std::shared_ptr<redis::Client> client, std::string key,
                                          Forecast forecast) {
  std::vector<std::string> time{"TIME"};
  const auto reply = co_await client->call(std::move(time));
  if (!reply) co_return reply.error();
  const auto server_time = keys::parse_server_time(*reply);
  if (!server_time) co_return redis::unexpected_reply("TIME", *reply);
  std::vector<std::string> set{"SET", std::move(key), print_forecast({forecast, *server_time})};
  const auto done = co_await client->call(std::move(set));
  if (!done) co_return done.error();
  co_return Status{};
}

std::optional<AgedForecast> aged_forecast(const redis::Reply& text, const redis::Reply& time) {
  const auto now = keys::parse_server_time(time);
  const auto value = text.string();
  const auto published = value ? parse_forecast(*value) : std::nullopt;
  if (!now || !published) return std::nullopt;
  const auto age = *now - published->server_time;
  if (age >= kForecastGoodFor || age <= -kForecastGoodFor) return std::nullopt;
  return AgedForecast{published->forecast, std::max(age, std::chrono::milliseconds{0})};
}

std::optional<Forecast> seen_now(const std::optional<AgedForecast>& aged, const MemoryUse& now,
                                 const PressureOptions& marks) {
  if (!aged) return std::nullopt;
  return pressure::seen_later(aged->forecast, now, aged->age, marks);
}

redis::awaitable<Result<std::optional<AgedForecast>>> read_forecast(
    std::shared_ptr<redis::Client> client, std::string key) {
  redis::CommandBuffer ask;
  ask.add({"GET", key});
  ask.add({"TIME"});
  const auto answers = co_await client->exchange(std::move(ask));
  if (!answers) co_return answers.error();
  co_return aged_forecast((*answers)[0], (*answers)[1]);
}

}  // namespace redkeep::guard
