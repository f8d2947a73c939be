// An entry as a line of the ledger file, and what is no entry.
#include "guard/ledger_line.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cmath>
#include <random>

#include "unit/guard/ledger_entries.h"

namespace redkeep::guard {
namespace {

TEST(LedgerLine, IsOneJsonObjectWithNamesAsOverHttp) {
  EXPECT_EQ(print_line(entry_of(0, "85 % of \"much\"")),
            R"({"number":0,"time":"2025-11-23T02:59:58.123Z","kind":"shed",)"
            R"("subject":"page_cache","outcome":"TargetReached","reason":"85 % of \"much\"",)"
            R"("keys":1234,"bytes":567890,"usage_before_pct":85.25,"usage_after_pct":80})");
}

TEST(LedgerLine, IsReadAsTheEntryThatItWas) {
  for (const auto kind : {LedgerKind::LevelChange, LedgerKind::Shed, LedgerKind::Restore,
                          LedgerKind::Alarm, LedgerKind::Notice}) {
    auto entry = entry_of(18'446'744'073'709'551'615ULL);
    entry.when = kNight;
    entry.kind = kind;
    const auto read = parse_line(print_line(entry));
    ASSERT_TRUE(read) << print_line(entry);
    EXPECT_EQ(read->number, entry.number);
    EXPECT_EQ(read->when, entry.when);
    EXPECT_EQ(read->kind, kind);
    EXPECT_EQ(read->subject, entry.subject);
    EXPECT_EQ(read->outcome, entry.outcome);
    EXPECT_EQ(read->reason, entry.reason);
    EXPECT_EQ(read->keys, entry.keys);
    EXPECT_EQ(read->bytes, entry.bytes);
    EXPECT_EQ(read->usage_before_pct, entry.usage_before_pct);
    EXPECT_EQ(read->usage_after_pct, entry.usage_after_pct);
  }
}

TEST(LedgerLine, HasNoControlCharactersWhateverAServerSays) {
  std::string all;
  for (int byte = 1; byte < 0x80; ++byte) all += static_cast<char>(byte);
  for (int c1 = 0x80; c1 < 0xA0; ++c1) all += std::string("\xC2") + static_cast<char>(c1);
  all += "caf\xC3\xA9";
  const std::string line = print_line(entry_of(1, all));
  for (std::size_t i = 0; i < line.size(); ++i) {
    const auto byte = static_cast<unsigned char>(line[i]);
    EXPECT_TRUE(byte >= 0x20 && byte != 0x7F) << i;
    if (byte == 0xC2) {
      EXPECT_GE(static_cast<unsigned char>(line[i + 1]), 0xA0U) << i;
    }
  }
  const auto read = parse_line(line);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->reason, all) << "escaped, and not changed";
}

TEST(LedgerLine, TextsThatAreNotUtf8OrEndlessAreShownAndBounded) {
  const auto broken = parse_line(print_line(entry_of(1, "bytes \xff\xfe")));
  ASSERT_TRUE(broken);
  EXPECT_EQ(broken->reason, "bytes \\xff\\xfe");
  for (const std::string piece : {"x", "\x01", "\xC2\x85", "\xff"}) {
    auto entry = entry_of(1);
    for (int i = 0; i < 100'000; ++i) entry.reason += piece;
    entry.subject = entry.outcome = entry.reason;
    const std::string line = print_line(entry);
    EXPECT_LE(line.size(), kMostLineBytes);
    EXPECT_TRUE(parse_line(line));
  }
}

TEST(LedgerLine, NumbersThatJsonHasNotBecomeZero) {
  auto entry = entry_of(1);
  entry.usage_before_pct = std::nan("");
  entry.usage_after_pct = 1.0 / 3 * 100;
  const auto read = parse_line(print_line(entry));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->usage_before_pct, 0);
  EXPECT_EQ(read->usage_after_pct, 33.33);
}

TEST(LedgerLine, NoPieceOfALineIsAnEntry) {
  const std::string line = print_line(entry_of(17));
  for (std::size_t length = 0; length < line.size(); ++length) {
    EXPECT_FALSE(parse_line(line.substr(0, length))) << length;
  }
  for (std::size_t from = 1; from < line.size(); ++from) {
    EXPECT_FALSE(parse_line(line.substr(from))) << from;
  }
}

TEST(LedgerLine, WhatIsNoEntryIsRefused) {
  for (const char* line : {"",
                           "null",
                           "[]",
                           "{}",
                           "17",
                           "{\"number\":1}",
                           R"({"number":0,"time":"2025-11-23T02:59:58.123Z","kind":"shed"})",
                           R"({"number":-1,"time":"2025-11-23T02:59:58.123Z","kind":"shed"})",
                           R"({"number":"1","time":"2025-11-23T02:59:58.123Z","kind":"shed"})",
                           R"({"number":1,"time":"2025-02-30T02:59:58.123Z","kind":"shed"})",
                           R"({"number":1,"time":"2025-11-23T24:59:58.123Z","kind":"shed"})",
                           R"({"number":1,"time":"2025-11-23T02:60:58.123Z","kind":"shed"})",
                           R"({"number":1,"time":"2025-11-23T02:59:60.123Z","kind":"shed"})",
                           R"({"number":1,"time":"2025-11-23 02:59:58.123Z","kind":"shed"})",
                           R"({"number":1,"time":"2025-11-23T02:59:58.12xZ","kind":"shed"})",
                           R"({"number":1,"time":"-025-11-23T02:59:58.123Z","kind":"shed"})",
                           R"({"number":1,"time":"2025-11-23T02:59:58Z","kind":"shed"})",
                           R"({"number":1,"time":1763866798,"kind":"shed"})",
                           R"({"number":1,"time":"2025-11-23T02:59:58.123Z"})",
                           R"({"number":1,"time":"2025-11-23T02:59:58.123Z","kind":"shed"} {})"}) {
    EXPECT_FALSE(parse_line(line)) << line;
  }
}

TEST(LedgerLine, WhatALaterVersionAddsIsPassedOver) {
  const auto read = parse_line(
      R"({"number":7,"time":"2025-11-23T02:59:58.123Z","kind":"lease","more":[{}],"keys":"many"})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->number, 7U);
  EXPECT_EQ(read->kind, LedgerKind::Notice);
  EXPECT_EQ(read->keys, 0);
}

TEST(LedgerLine, NoRandomChangeOfALineBreaksTheReader) {
  std::mt19937 random(20251123);
  const std::string line = print_line(entry_of(17, "caf\xC3\xA9 \x01"));
  for (int i = 0; i < 20'000; ++i) {
    std::string changed = line;
    for (int change = 0; change < 3; ++change) {
      changed[random() % changed.size()] = static_cast<char>(random());
    }
    const auto read = parse_line(changed);
    if (read) {
      EXPECT_TRUE(parse_line(print_line(*read))) << changed;
    }
  }
}

}  // namespace
}  // namespace redkeep::guard
