// When trouble with the journal is an alarm, and when it is over.
#include "guard/journal_watch.h"

#include <gtest/gtest.h>

#include <set>

namespace redkeep::guard {
namespace {

using namespace std::chrono_literals;

class JournalWatchTest : public testing::Test {
 protected:
  void watch() {
    watch_.watch({[this] { return store_trouble_; }, [this] { return held_up_by_; },
                  [this] { return is_catching_up_; }});
  }
  // What is raised after the tick at this second.
  std::set<std::string> look(std::chrono::milliseconds at, bool is_blind = false) {
    watch_.look(is_blind, JournalWatch::TimePoint{at});
    std::set<std::string> subjects;
    for (const auto& [subject, reason] : raised_) subjects.insert(subject);
    return subjects;
  }
  static Error error(const std::string& message) { return {ErrorKind::Io, message}; }

  using Subjects = std::set<std::string>;
  std::optional<Error> store_trouble_;
  std::optional<Error> held_up_by_;
  bool is_catching_up_ = false;
  std::map<std::string, std::string> raised_;
  Snapshot snapshot_;
  JournalWatch watch_{snapshot_,
                      {[this](std::string subject, std::string reason) {
                         raised_[std::move(subject)] = std::move(reason);
                       },
                       [this](std::string_view subject) { raised_.erase(std::string(subject)); }}};
};

TEST_F(JournalWatchTest, WithoutAJournalNothingIsTold) {
  EXPECT_EQ(look(0s), Subjects{});
  EXPECT_EQ(look(10s), Subjects{});
  EXPECT_FALSE(snapshot_.journal);
}

TEST_F(JournalWatchTest, StoresThatFailForSomeSecondsAreAnAlarmUntilOneSucceeds) {
  watch();
  EXPECT_EQ(look(0s), Subjects{});
  EXPECT_TRUE(snapshot_.journal && snapshot_.journal->stores && snapshot_.journal->applies);
  store_trouble_ = error("d/journal/1.log cannot be written: No space left on device");
  EXPECT_EQ(look(1s), Subjects{});
  EXPECT_FALSE(snapshot_.journal->stores) << "the metrics have it at once";
  EXPECT_EQ(look(3900ms), Subjects{});
  EXPECT_EQ(look(4s), Subjects{"journal-store"});
  EXPECT_NE(raised_["journal-store"].find("No space left"), std::string::npos);
  store_trouble_.reset();
  EXPECT_EQ(look(5s), Subjects{});
  EXPECT_TRUE(snapshot_.journal->stores);
}

TEST_F(JournalWatchTest, TroubleThatPassesIsNone) {
  watch();
  for (auto at = 0s; at < 60s; at += 2s) {
    held_up_by_ = error("connection closed");
    EXPECT_EQ(look(at), Subjects{});
    held_up_by_.reset();
    EXPECT_EQ(look(at + 1s), Subjects{});
  }
}

TEST_F(JournalWatchTest, ARedisThatIsNotBroughtForwardIsAnAlarmWithTheReason) {
  watch();
  held_up_by_ = error("this Redis belongs to another data directory");
  EXPECT_EQ(look(0s), Subjects{});
  EXPECT_EQ(look(3s), Subjects{"journal-apply"});
  EXPECT_NE(raised_["journal-apply"].find("another data directory"), std::string::npos);
  EXPECT_FALSE(snapshot_.journal->applies);
  held_up_by_.reset();
  EXPECT_EQ(look(4s), Subjects{});
}

// One reason must not be told as two that contradict each other.
TEST_F(JournalWatchTest, ARefusedRedisIsToldOfStoresThatAreRefused) {
  watch();
  store_trouble_ = held_up_by_ = error("this Redis belongs to another data directory");
  look(0s);
  EXPECT_EQ(look(3s), (Subjects{"journal-apply", "journal-store"}));
  for (const char* subject : {"journal-apply", "journal-store"}) {
    EXPECT_NE(raised_[subject].find("stores are refused"), std::string::npos) << raised_[subject];
    EXPECT_EQ(raised_[subject].find("are journaled"), std::string::npos) << raised_[subject];
    EXPECT_EQ(raised_[subject].find("could not take it"), std::string::npos) << raised_[subject];
  }
}

TEST_F(JournalWatchTest, WhatWasLostIsToldOnce) {
  watch();
  watch_.note_loss("the journal of d is gone");
  EXPECT_EQ(look(0s), Subjects{"journal-loss"});
  raised_.clear();
  EXPECT_EQ(look(1s), Subjects{});
}

TEST_F(JournalWatchTest, TroubleIsNotOverBeforeRedisHasAll) {
  watch();
  is_catching_up_ = true;
  EXPECT_EQ(look(0s), Subjects{});
  EXPECT_EQ(look(10s), Subjects{}) << "by itself it is none";
  held_up_by_ = error("LOADING");
  look(11s);
  EXPECT_EQ(look(14s), Subjects{"journal-apply"});
  held_up_by_.reset();
  EXPECT_EQ(look(15s), Subjects{"journal-apply"});
  is_catching_up_ = false;
  EXPECT_EQ(look(16s), Subjects{});
}

// That alarm says why; and whether Redis gets its stores is not known again before it is seen.
TEST_F(JournalWatchTest, WhileTheGuardIsBlindThatIsNoAlarmOfItsOwn) {
  watch();
  held_up_by_ = error("connection refused");
  for (auto at = 0s; at < 10s; ++at) EXPECT_EQ(look(at, true), Subjects{});
  EXPECT_EQ(look(10s), Subjects{});
  EXPECT_EQ(look(13s), Subjects{"journal-apply"});
  EXPECT_EQ(look(14s, true), Subjects{"journal-apply"}) << "not over either";
  store_trouble_ = error("disk full");
  look(15s, true);
  EXPECT_TRUE(look(18s, true).contains("journal-store")) << "the disk is ours";
}

TEST_F(JournalWatchTest, AJournalThatCannotBeOpenedIsAnAlarmAtOnce) {
  watch_.note_unusable(error("d/journal/1.log is damaged at byte 17"));
  EXPECT_EQ(look(0s, true), Subjects{"journal-unusable"});
  EXPECT_NE(raised_["journal-unusable"].find("at byte 17"), std::string::npos);
  EXPECT_FALSE(snapshot_.journal->stores || snapshot_.journal->applies);
}

}  // namespace
}  // namespace redkeep::guard
