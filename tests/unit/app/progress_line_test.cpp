#include "app/progress_line.h"

#include <gtest/gtest.h>

namespace redkeep::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(ProgressLine, SaysHowFarHowFastAndHowLongStill) {
  EXPECT_EQ(progress_text("loading", 50'000, "rows", seconds{10}, 0.5),
            "[##########----------]  50 %  loading: 50,000 rows, 5,000/s, 10.0 s left");
  EXPECT_EQ(progress_text("loading", 100, "rows", seconds{1}, 1),
            "[####################] 100 %  loading: 100 rows, 100/s");
}

// 30,000 of 100,000 were counted before; this run counted 20,000 in ten seconds.
TEST(ProgressLine, WhatWasDoneBeforeIsNotThisRunsSpeed) {
  const auto text = progress_text("counting", 50'000, "keys", seconds{10}, 0.5, 30'000, 0.3);
  EXPECT_NE(text.find(" 50 %  counting: 50,000 keys, 2,000/s, 25"), std::string::npos) << text;
  EXPECT_EQ(progress_text("counting", 30'000, "keys", seconds{1}, 0.3, 30'000, 0.3),
            "counting: 30,000 keys, 0/s");
}

TEST(ProgressLine, WithoutAShareItOnlyCounts) {
  EXPECT_EQ(progress_text("counting", 1'000'000, "keys", milliseconds{500}, -1),
            "counting: 1,000,000 keys, 2,000,000/s");
}

TEST(ProgressLine, WithoutAUnitItOnlySaysWhatIsDone) {
  EXPECT_EQ(progress_text("waiting for redis-server", 0, "", seconds{3}, -1),
            "waiting for redis-server");
}

TEST(ProgressLine, WithoutACountItOnlySaysWhatIsDone) {
  EXPECT_EQ(progress_text("waiting: the server is loading its data", -1, "rows", seconds{3}, -1),
            "waiting: the server is loading its data");
}

TEST(ProgressLine, SharesThatCannotBeAreNoCrash) {
  EXPECT_EQ(progress_text("loading", 1, "rows", seconds{1}, 1.5),
            "[####################] 100 %  loading: 1 row, 1/s");
  EXPECT_EQ(progress_text("loading", 1, "rows", seconds{1}, 1e-30), "loading: 1 row, 1/s");
  EXPECT_EQ(progress_text("loading", 5, "rows", seconds{0}, -1), "loading: 5 rows, 0/s");
}

TEST(ProgressLine, IsQuietAboutWorkThatIsDoneAtOnce) {
  testing::internal::CaptureStderr();
  {
    ProgressLine line("rows");
    for (int i = 0; i < 1000; ++i) line.show("loading", i, 0.5);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace redkeep::app
