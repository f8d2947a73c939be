// Changes of the graph as lines of the journal, there and back.
#include "recovery/journal/graph_change.h"

#include <gtest/gtest.h>

namespace redkeep::recovery {
namespace {

constexpr const char* kId = "00000000-0000-4000-8000-000000000001";

TEST(GraphChange, EachComesBackAsItWas) {
  const Entity entity{kId, "page", "$name", "{\"a\":\n\"b,\\\"\"}", "ane", "2026", "2027"};
  const Association link{kId, kId, "/a, b", "contains", -7};
  for (const GraphChange& change :
       {GraphChange(entity), GraphChange(RemoveEntity{kId}), GraphChange(link),
        GraphChange(RemoveAssociation{"/a\nb"}), GraphChange(AddWord{"w", {kId, kId}}),
        GraphChange(AddWord{"w", {}}), GraphChange(RemoveWord{"w", {kId}})}) {
    std::string text;
    append_line(text, line_of(change), 0);
    auto line = parse_line(text.substr(0, text.size() - 1));
    EXPECT_FALSE(line.has_value()) << "a line needs a position";
    JournalLine placed = line_of(change);
    placed.position = 3;
    text.clear();
    append_line(text, placed, 0);
    line = parse_line(text.substr(0, text.size() - 1));
    ASSERT_TRUE(line.has_value());
    const auto back = change_of(std::move(*line));
    ASSERT_TRUE(back.ok()) << back.error().message;
    EXPECT_EQ(*back, change);
  }
}

TEST(GraphChange, WhatThisVersionDoesNotKnowIsRefusedWithItsPosition) {
  for (const JournalLine& line :
       {JournalLine{9, "rename_entity", {kId}}, JournalLine{9, "store_entity", {kId}},
        JournalLine{9, "store_association", {kId, kId, "/", "contains", "7x"}}}) {
    const auto refused = change_of(line);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find("position 9"), std::string::npos);
  }
}

}  // namespace
}  // namespace redkeep::recovery
