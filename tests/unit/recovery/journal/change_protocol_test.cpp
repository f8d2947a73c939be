// What two programs say to each other over the socket.
#include "recovery/journal/change_protocol.h"

#include <gtest/gtest.h>

#include "error/error.h"

namespace redkeep::recovery {
namespace {

JournalLine parsed(std::string line) {
  EXPECT_EQ(line.find('\n'), line.size() - 1) << "one line a message";
  line.pop_back();
  auto parts = parse_protocol_line(line);
  EXPECT_TRUE(parts.has_value()) << line;
  return parts.value_or(JournalLine{});
}

TEST(ChangeProtocol, RequestsAndAnswersComeThroughAsTheyWere) {
  const GraphChange change = RemoveAssociation{"/a\n,\"b\\"};
  JournalLine request = parsed(request_line(7, change));
  EXPECT_EQ(request.position, 7);
  EXPECT_EQ(*change_of(std::move(request)), change);
  EXPECT_EQ(*outcome_of(parsed(answer_line(7, StoreOutcome::Applied))), StoreOutcome::Applied);
  EXPECT_EQ(*outcome_of(parsed(answer_line(7, StoreOutcome::Journaled))), StoreOutcome::Journaled);
}

TEST(ChangeProtocol, EveryKindOfErrorComesThrough) {
  for (int kind = 0; kind <= static_cast<int>(ErrorKind::Interrupted); ++kind) {
    const Error error{static_cast<ErrorKind>(kind), "line one\nline two"};
    const auto back = outcome_of(parsed(answer_line(9, error)));
    ASSERT_FALSE(back.ok());
    EXPECT_EQ(back.error().kind, error.kind);
    EXPECT_EQ(back.error().message, error.message);
  }
}

TEST(ChangeProtocol, AGreetingIsOfThisVersionAndPrefix) {
  EXPECT_TRUE(check_greeting(parsed(greeting_line("reed:")), "reed:").ok());
  EXPECT_FALSE(check_greeting(parsed(greeting_line("x:")), "reed:").ok());
  EXPECT_FALSE(check_greeting({1, "redkeep", {"2", "reed:"}}, "reed:").ok());
  EXPECT_FALSE(check_greeting(parsed(request_line(2, RemoveEntity{"x"})), "reed:").ok());
}

// Nothing of it is in the journal, so the journal is not to be blamed.
TEST(ChangeProtocol, AnUnknownRequestIsNotTakenForDamageOfTheJournal) {
  const auto unknown = requested_change({15, "bogus", {"x"}});
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().kind, ErrorKind::Refused);
  EXPECT_EQ(unknown.error().message,
            "the owner of the data directory knows no request \"bogus\" with 1 field: use the same "
            "version of redkeep on both sides");
  EXPECT_TRUE(requested_change(parsed(request_line(2, RemoveEntity{"x"}))).ok());
}

TEST(ChangeProtocol, WhatIsNoAnswerIsAnError) {
  for (const JournalLine& line : {JournalLine{2, "maybe", {}}, JournalLine{2, "failed", {"io"}},
                                  JournalLine{2, "failed", {"unheard_of", "x"}}}) {
    EXPECT_EQ(outcome_of(line).error().kind, ErrorKind::Protocol);
  }
  EXPECT_FALSE(parse_protocol_line("2,applied,00000000").has_value());
}

}  // namespace
}  // namespace redkeep::recovery
