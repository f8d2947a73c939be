// What `redkeep top` shows fits the terminal, whatever there is to show.
#include "app/top_screen.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <regex>

namespace redkeep::app {
namespace {

TopView example() {
  TopView view;
  view.server = "unix:///run/redis.sock, Redis 7.0.15";
  view.clock = "12:34:56";
  view.reading.emplace();
  view.reading->used_bytes = 86 << 20;
  view.reading->limit_bytes = 100 << 20;
  view.reading->keyspace = {1'000'000, 400'000};
  view.level = PressureLevel::Warning;
  view.level_from_guard = true;
  view.lease = "held by web1:4711";
  view.rates = TopRates{1024 * 1024, 0, 12, 3456, 120, 93.0};
  for (int i = 0; i < 30; ++i) {
    view.classes.push_back({"class_" + std::to_string(i), 10.0, 30.0 - i, 1.5, 1e6});
  }
  view.sample = "(sample of 6,000 keys)";
  view.with_actions = true;
  view.actions = {"12:34:50 shed page_cache: above the mark", "12:33:00 alarm warning: usage"};
  return view;
}

// The lines as a person sees them.
std::vector<std::string> lines_of(const std::string& frame) {
  const std::string text = std::regex_replace(frame, std::regex("\x1b\\[[0-9;?]*[A-Za-z]"), "");
  std::vector<std::string> lines(1);
  for (const char c : text) {
    if (c == '\r') continue;
    if (c == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += c;
    }
  }
  return lines;
}

std::size_t characters(const std::string& line) {
  return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(TopScreen, FitsAnySize) {
  auto view = example();
  view.server = std::string(200, 'x');
  view.actions = {std::string(300, 'y'), "größe " + std::string(100, 'z')};
  for (const std::size_t columns : {1U, 8U, 20U, 79U, 80U, 200U}) {
    for (const std::size_t rows : {1U, 5U, 10U, 24U, 60U}) {
      const auto lines = lines_of(top_screen(view, columns, rows, true));
      EXPECT_LE(lines.size(), rows);
      for (const auto& line : lines) EXPECT_LE(characters(line), columns) << line;
    }
  }
}

TEST(TopScreen, ShowsOn80By24WhatIsAskedFor) {
  const auto lines = lines_of(top_screen(example(), 80, 24, false));
  ASSERT_EQ(lines.size(), 24U);
  std::string all;
  for (const auto& line : lines) all += line + "\n";
  for (const char* part : {"unix:///run/redis.sock, Redis 7.0.15", "12:34:56",
                           "86.0 % of 100.0 MiB", "warning (from the running guard)", "web1:4711",
                           "1,000,000, 400,000 with a TTL", "growth +60.0 MiB/min", "evicted 0/s",
                           "commands 3,456/s", "hits 93 % of 120/s", "expired 12/s", "class_0",
                           "~976.6 KiB", "±1.5", "shed page_cache: above the mark", "q quits"}) {
    EXPECT_TRUE(has(all, part)) << part << " is not in\n" << all;
  }
  EXPECT_TRUE(has(all, " more")) << "thirty classes do not fit";
  EXPECT_EQ(lines.back(), "q quits");
}

TEST(TopScreen, LongLinesGoOnInTheNextOne) {
  auto view = example();
  view.lease =
      "held by a-host-with-a-long-name.internal.example.com:4711 since "
      "2026-11-27T15:20:02Z, renewed 2026-11-27T15:21:02Z, fencing 12";
  const auto lines = lines_of(top_screen(view, 80, 24, false));
  std::string all;
  for (const auto& line : lines) all += line + "\n";
  EXPECT_TRUE(
      has(all, "\n           2026-11-27T15:20:02Z, renewed 2026-11-27T15:21:02Z, fencing 12\n"))
      << all;
  EXPECT_TRUE(has(all, "\n           hits 93 % of 120/s   expired 12/s\n")) << all;
}

TEST(TopScreen, SharesOfAllKeysAreExact) {
  auto view = example();
  for (auto& row : view.classes) row.byte_share_error.reset();
  const std::string frame = top_screen(view, 80, 24, false);
  EXPECT_FALSE(has(frame, "±"));
  EXPECT_FALSE(has(frame, "~"));
  view.classes.front().byte_share_error = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(has(top_screen(view, 80, 24, false), "±?"));
}

TEST(TopScreen, ASilentServerIsSaidToBeSilent) {
  auto view = example();
  view.no_answer_for = std::chrono::seconds{3};
  const auto lines = lines_of(top_screen(view, 80, 24, false));
  EXPECT_TRUE(has(lines[1], "no answer for 3 s"));
  EXPECT_EQ(top_line(view), "12:34:56  no answer for 3 s\n");
}

TEST(TopScreen, TheBarHasItsMarksAndIsFilledByUsage) {
  const PressureOptions marks;  // 80, 85, 95
  EXPECT_EQ(memory_bar(0, marks, 22), "[................||.|]");
  EXPECT_EQ(memory_bar(50, marks, 22), "[##########......||.|]");
  EXPECT_EQ(memory_bar(100, marks, 22), "[################||#|]");
  EXPECT_EQ(memory_bar(1000, marks, 22), "[################||#|]");
  EXPECT_EQ(memory_bar(50, marks, 2), "");
}

TEST(TopScreen, WithoutAReadingItSaysWhy) {
  auto view = example();
  view.reading.reset();
  view.failure = "unix:///run/redis.sock: connection refused";
  EXPECT_TRUE(has(top_screen(view, 80, 24, false), "no reading: unix:///run/redis.sock"));
  EXPECT_EQ(top_line(view), "12:34:56  no reading: unix:///run/redis.sock: connection refused\n");
}

TEST(TopScreen, WithoutALimitThereIsNoBar) {
  auto view = example();
  view.reading->limit_bytes = 0;
  EXPECT_TRUE(has(top_screen(view, 80, 24, false), "86.0 MiB used, no limit known"));
}

TEST(TopScreen, ColoursOnlyWhereWanted) {
  EXPECT_TRUE(has(top_screen(example(), 80, 24, true), "\x1b[33m"));
  EXPECT_FALSE(has(top_screen(example(), 80, 24, false), "\x1b[33m"));
}

TEST(TopScreen, APlainLineHasNoEscapes) {
  const std::string line = top_line(example());
  EXPECT_FALSE(has(line, "\x1b"));
  EXPECT_TRUE(has(line, "86.0 % of 100.0 MiB  warning"));
  EXPECT_TRUE(has(line, "class_0 ~30 % ±1.5"));
  EXPECT_EQ(line.back(), '\n');
}

TEST(TopScreen, APlainLineOfAllKeysHasExactShares) {
  auto view = example();
  for (auto& row : view.classes) row.byte_share_error.reset();
  const std::string line = top_line(view);
  EXPECT_TRUE(has(line, "class_0 30 %  class_1 29 %"));
  EXPECT_FALSE(has(line, "~"));
  view = example();
  view.classes[0].byte_share_error = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(has(top_line(view), "class_0 ~30 % ±?"));
}

}  // namespace
}  // namespace redkeep::app
