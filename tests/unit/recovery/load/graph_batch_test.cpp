#include "recovery/load/graph_batch.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "unit/recovery/hut_page.h"

namespace redkeep::recovery {
namespace {

using Command = std::vector<std::string>;
using Commands = std::vector<Command>;
using Words = std::vector<std::string_view>;

const content::EntityView kPlain{kSoup, "snippet", "", "{}", "", "", ""};
const content::AssociationView kContains{kHut, kSoup, "/hut/soup:1", "contains", "5"};
const content::AssociationView kRefers{kHut, kSoup, "ref", "references", "-1"};

Command parse_command(std::string_view& wire) {
  const auto number = [&](char kind) {
    EXPECT_EQ(wire.substr(0, 1), std::string(1, kind));
    const auto end = wire.find("\r\n");
    const auto value = std::stoul(std::string(wire.substr(1, end - 1)));
    wire.remove_prefix(end + 2);
    return value;
  };
  Command command(number('*'));
  for (auto& argument : command) {
    const auto size = number('$');
    argument = wire.substr(0, size);
    EXPECT_EQ(wire.substr(size, 2), "\r\n");
    wire.remove_prefix(size + 2);
  }
  return command;
}

Commands take(redis::CommandBuffer& buffer) {
  Commands commands;
  std::string_view wire = buffer.wire();
  while (!wire.empty()) commands.push_back(parse_command(wire));
  EXPECT_EQ(commands.size(), buffer.commands());
  buffer.clear();
  return commands;
}

Commands sets_of(GraphBatch& batch) {
  redis::CommandBuffer out;
  batch.sort_sets();
  while (batch.next_set(out)) {
  }
  return take(out);
}

Commands strings_of(GraphBatch& batch) {
  redis::CommandBuffer out;
  batch.flush_strings(out);
  return take(out);
}

std::string key(std::string_view start, std::string_view id) {
  return "reed:" + std::string(start) + std::string(id);
}

std::string hash_payload(std::vector<std::string_view> names_and_values) {
  redis::DumpPayload payload;
  return std::string(payload.hash(names_and_values));
}

std::string set_payload(std::vector<std::string_view> members) {
  redis::DumpPayload payload;
  return std::string(payload.set(members));
}

TEST(GraphBatch, WritesAnEntityInPlainCommands) {
  GraphBatch batch(kSchema, WriteForm::Plain, Existing::None);
  redis::CommandBuffer out;
  batch.add_entity(kPage, "/site/hut", Words{"hut", "menu"}, out);
  EXPECT_EQ(take(out), (Commands{{"HSET", key("entity:page:", kHut), "type", "page", "data",
                                  R"({"title":"Hut"})", "semantic_name", "$hut", "created_by",
                                  "eva", "created_at", "2026", "path", "/site/hut"}}));
  EXPECT_EQ(strings_of(batch), (Commands{{"MSET", key("type_of:", kHut), "page",
                                          "reed:semantic:page:$hut", std::string(kHut)}}));
  EXPECT_EQ(strings_of(batch), Commands{}) << "strings are written once";
  EXPECT_EQ(sets_of(batch), (Commands{{"SADD", "reed:type_index:page", std::string(kHut)},
                                      {"SADD", "reed:word:hut", std::string(kHut)},
                                      {"SADD", "reed:word:menu", std::string(kHut)}}));
  EXPECT_EQ(batch.words_written(), 2);
}

TEST(GraphBatch, LeavesOutWhatAnEntityDoesNotHave) {
  GraphBatch batch(kSchema, WriteForm::Plain, Existing::None);
  redis::CommandBuffer out;
  batch.add_entity(kPlain, "", Words{}, out);
  EXPECT_EQ(take(out),
            (Commands{{"HSET", key("entity:snippet:", kSoup), "type", "snippet", "data", "{}"}}));
  EXPECT_EQ(strings_of(batch), (Commands{{"MSET", key("type_of:", kSoup), "snippet"}}));
  EXPECT_EQ(sets_of(batch), (Commands{{"SADD", "reed:type_index:snippet", std::string(kSoup)}}));
}

TEST(GraphBatch, WritesAContainmentToParentAndChildren) {
  GraphBatch batch(kSchema, WriteForm::Plain, Existing::None);
  redis::CommandBuffer out;
  batch.add_association(kContains, out);
  EXPECT_EQ(take(out),
            (Commands{{"HSET", "reed:assoc:/hut/soup%3A1", "parent_id", std::string(kHut),
                       "child_id", std::string(kSoup), "type", "contains", "weight", "5"}}));
  EXPECT_EQ(strings_of(batch), (Commands{{"MSET", key("parent:", kSoup), std::string(kHut)}}));
  EXPECT_EQ(sets_of(batch), (Commands{{"SADD", key("children:", kHut), std::string(kSoup)}}));
  EXPECT_EQ(batch.words_written(), 0);
}

TEST(GraphBatch, WritesOtherAssociationsToTheLinksOfBothEnds) {
  GraphBatch batch(kSchema, WriteForm::Plain, Existing::None);
  redis::CommandBuffer out;
  batch.add_association(kRefers, out);
  EXPECT_EQ(take(out),
            (Commands{{"HSET", "reed:assoc:ref", "parent_id", std::string(kHut), "child_id",
                       std::string(kSoup), "type", "references", "weight", "-1"}}));
  EXPECT_EQ(strings_of(batch), Commands{});
  EXPECT_EQ(sets_of(batch), (Commands{{"SADD", key("links:", kHut), "ref"},
                                      {"SADD", key("links:", kSoup), "ref"}}));
}

TEST(GraphBatch, WritesNewHashesAndSetsAsSerialisedValues) {
  GraphBatch batch(kSchema, WriteForm::Restore, Existing::None);
  redis::CommandBuffer out;
  batch.add_entity(kPlain, "/a", Words{"soup"}, out);
  EXPECT_EQ(take(out), (Commands{{"RESTORE", key("entity:snippet:", kSoup), "0",
                                  hash_payload({"type", "snippet", "data", "{}", "path", "/a"})}}));
  EXPECT_EQ(sets_of(batch),
            (Commands{{"RESTORE", "reed:type_index:snippet", "0", set_payload({kSoup})},
                      {"RESTORE", "reed:word:soup", "0", set_payload({kSoup})}}));
}

TEST(GraphBatch, ReplacesWholeKeysAndTheirTtlWhereTheyMayExist) {
  GraphBatch plain(kSchema, WriteForm::Plain, Existing::Replace);
  redis::CommandBuffer out;
  plain.add_entity(kPlain, "", Words{}, out);
  EXPECT_EQ(take(out),
            (Commands{{"MULTI"},
                      {"UNLINK", key("entity:snippet:", kSoup)},
                      {"HSET", key("entity:snippet:", kSoup), "type", "snippet", "data", "{}"},
                      {"EXEC"}}));
  EXPECT_EQ(sets_of(plain), (Commands{{"SADD", "reed:type_index:snippet", std::string(kSoup)},
                                      {"PERSIST", "reed:type_index:snippet"}}));

  GraphBatch restoring(kSchema, WriteForm::Restore, Existing::Replace);
  restoring.add_association(kContains, out);
  EXPECT_EQ(take(out), (Commands{{"RESTORE", "reed:assoc:/hut/soup%3A1", "0",
                                  hash_payload({"parent_id", kHut, "child_id", kSoup, "type",
                                                "contains", "weight", "5"}),
                                  "REPLACE"}}));
  // Members are added to those that are there already.
  EXPECT_EQ(sets_of(restoring), (Commands{{"SADD", key("children:", kHut), std::string(kSoup)},
                                          {"PERSIST", key("children:", kHut)}}));
}

TEST(GraphBatch, GathersManyStringsIntoOneCommand) {
  GraphBatch batch(kSchema, WriteForm::Restore, Existing::None);
  redis::CommandBuffer out;
  std::map<std::string, std::string> written;
  std::size_t commands = 0;
  const auto gather = [&](const Commands& found) {
    for (const auto& command : found) {
      if (command[0] != "MSET") continue;
      ++commands;
      EXPECT_LE(command.size(), 1 + 2 * 300U);
      for (std::size_t i = 1; i + 1 < command.size(); i += 2) {
        EXPECT_TRUE(written.emplace(command[i], command[i + 1]).second);
      }
    }
  };
  for (int i = 0; i < 1000; ++i) {
    const std::string id = "id" + std::to_string(i);
    batch.add_entity({id, "page", "", "{}", "", "", ""}, "", Words{}, out);
    gather(take(out));
  }
  gather(strings_of(batch));
  EXPECT_EQ(written.size(), 1000U);
  EXPECT_EQ(written["reed:type_of:id999"], "page");
  EXPECT_LE(commands, 8U);
}

Commands sets_of_hub(WriteForm form, int members) {
  GraphBatch batch(kSchema, form, Existing::None);
  redis::CommandBuffer out;
  for (int i = 0; i < members; ++i) {
    const std::string id = "id" + std::to_string(i);
    batch.add_association({"hub", id, "p" + id, "contains", "0"}, out);
  }
  return sets_of(batch);
}

// F51: a hub with 39,391 edges must not hold the server in one command.
TEST(GraphBatch, WritesHubsInParts) {
  for (const auto form : {WriteForm::Plain, WriteForm::Restore}) {
    const Commands parts = sets_of_hub(form, 39'391);
    std::set<std::string> members;
    for (const auto& part : parts) {
      EXPECT_EQ(part[0], "SADD");
      EXPECT_EQ(part[1], "reed:children:hub");
      EXPECT_LE(part.size(), 2 + 1000U);
      members.insert(part.begin() + 2, part.end());
    }
    EXPECT_EQ(members.size(), 39'391U);
    EXPECT_GT(parts.size(), 39U);
  }
  EXPECT_EQ(sets_of_hub(WriteForm::Restore, 4096).size(), 1U);
  EXPECT_EQ(sets_of_hub(WriteForm::Restore, 4096)[0][0], "RESTORE");
}

// Where the gathered sets outgrew their bound, a later part must not meet the earlier one as "the
// key is there already".
TEST(GraphBatch, AddsToSetsThatWereWrittenInPart) {
  GraphBatch batch(kSchema, WriteForm::Restore, Existing::None);
  redis::CommandBuffer out;
  EXPECT_EQ(batch.set_bytes(), 0U);
  batch.add_association(kContains, out);
  EXPECT_GT(batch.set_bytes(), 0U);
  EXPECT_EQ(sets_of(batch)[0][0], "RESTORE");
  EXPECT_EQ(batch.set_bytes(), 0U);
  batch.add_association({kHut, "another", "/hut/another", "contains", "0"}, out);
  EXPECT_EQ(sets_of(batch), (Commands{{"SADD", key("children:", kHut), "another"}}));
}

TEST(GraphBatch, WritesTheWordsOfASearchIndex) {
  GraphBatch batch(kSchema, WriteForm::Restore, Existing::None);
  batch.add_word("a:b", kHut);
  batch.add_word("soup", kHut);
  batch.add_word("a:b", kSoup);
  EXPECT_EQ(sets_of(batch),
            (Commands{{"RESTORE", "reed:word:a%3Ab", "0", set_payload({kHut, kSoup})},
                      {"RESTORE", "reed:word:soup", "0", set_payload({kHut})}}));
  EXPECT_EQ(batch.words_written(), 2);
}

}  // namespace
}  // namespace redkeep::recovery
