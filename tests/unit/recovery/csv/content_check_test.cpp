// What a content directory must keep, row by row and as a whole (fault catalogue F51).
#include "recovery/csv/content_check.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "temporary_directory.h"

namespace redkeep::recovery {
namespace {

using Texts = std::vector<std::string>;
using Lines = std::vector<std::int64_t>;

std::string id(int number) {
  std::string digits = std::to_string(number);
  return "00000000-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits;
}

// A content directory with pages 1, 2 and 3, to which tests add.
class Content {
 public:
  Content() {
    for (int number = 1; number <= 3; ++number) entity(number);
  }

  Content& entity(int number, const std::string& name = "") {
    return entity_row(id(number) + ",page," + name + ",{}");
  }
  Content& entity_row(const std::string& row) {
    entities_ += row + "\n";
    return *this;
  }
  Content& association(int parent, int child, const std::string& path,
                       const std::string& type = "contains") {
    return association_row(id(parent) + "," + id(child) + "," + path + "," + type + ",0");
  }
  Content& association_row(const std::string& row) {
    associations_ += row + "\n";
    return *this;
  }
  Content& word(const std::string& row) {
    index_ += row + "\n";
    return *this;
  }

  ContentCheck check() const {
    write();
    auto check = check_content(directory_.path(), {});
    EXPECT_TRUE(check) << check.error().message;
    return check ? std::move(*check) : ContentCheck{};
  }
  Texts problems() const { return check().problems.first; }
  const TemporaryDirectory& write() const {
    directory_.write("entities.csv", "id,type,semantic_name,data\n" + entities_);
    if (!associations_.empty()) {
      directory_.write("associations.csv", "parent_id,child_id,path,type,weight\n" + associations_);
    }
    if (!index_.empty()) directory_.write("search_index.csv", "word,entity_ids\n" + index_);
    return directory_;
  }

 private:
  TemporaryDirectory directory_;
  std::string entities_;
  std::string associations_;
  std::string index_;
};

TEST(ContentCheck, CountsGoodContent) {
  Content content;
  content.association(1, 2, "/a").association(2, 3, "/a/b").association(3, 1, "x", "references");
  const ContentCheck check = content.check();
  EXPECT_EQ(check.problems.first, Texts{});
  EXPECT_EQ(check.entities, 3);
  EXPECT_EQ(check.associations, 3);
  EXPECT_EQ(check.entity_ids.size(), 3U);
  EXPECT_EQ(check.containments.path_of(id(3)), "/a/b");
  EXPECT_EQ(check.containments.path_of(id(1)), "");
  EXPECT_FALSE(check.has_search_index);
  EXPECT_GT(check.estimated_bytes, 6 * 100);
  const auto bytes = [&](const char* name) {
    return static_cast<std::int64_t>(std::filesystem::file_size(content.write().file(name)));
  };
  EXPECT_EQ(check.total_bytes, bytes("entities.csv") + bytes("associations.csv"));
}

TEST(ContentCheck, TellsWhatItHasReadAndLeavesOutBadRows) {
  Content content;
  content.entity(2).entity_row("no-id,page,,{}").entity(4, "$four");
  content.association(1, 4, "path").association(2, 9, "dangling").association(1, 2, "path");
  content.word("hut," + id(1)).word("lake," + id(9)).word("sea," + id(2));
  Texts entities;
  Texts paths;
  Texts words;
  std::int64_t last_line = 0;
  int associations_read = 0;
  CheckEvents events;
  events.entity_passed = [&](const content::EntityView& entity, const CsvReader& reader) {
    entities.emplace_back(entity.id);
    last_line = reader.line();
  };
  events.association_passed = [&](const content::AssociationView& row, const CsvReader&) {
    paths.emplace_back(row.path);
  };
  events.associations_read = [&] { ++associations_read; };
  events.word_passed = [&](std::string_view word, const CsvReader&) { words.emplace_back(word); };
  ASSERT_TRUE(check_content(content.write().path(), {}, events));
  EXPECT_EQ(entities, (Texts{id(1), id(2), id(3), id(4)}));
  EXPECT_EQ(last_line, 7);
  EXPECT_EQ(paths, (Texts{"path", "dangling"})) << "whether ends are there is seen at the end";
  EXPECT_EQ(associations_read, 1);
  EXPECT_EQ(words, (Texts{"hut", "sea"}));
}

TEST(ContentCheck, NeedsEntitiesAndNothingElse) {
  const TemporaryDirectory directory;
  auto check = check_content(directory.path(), {});
  ASSERT_FALSE(check);
  EXPECT_EQ(check.error().kind, ErrorKind::NotFound);
  EXPECT_EQ(check.error().message,
            "cannot open " + directory.file("entities.csv") + ": No such file or directory");
  directory.write("entities.csv", "id,type,data\n");
  check = check_content(directory.path(), {});
  ASSERT_TRUE(check);
  EXPECT_EQ(check->entities, 0);
}

TEST(ContentCheck, NamesAHeaderThatIsWrong) {
  Content content;
  content.write().write("associations.csv", "parent,child_id,path,type,weight\n");
  const auto check = check_content(content.write().path(), {});
  ASSERT_FALSE(check);
  EXPECT_EQ(check.error().message, "associations.csv:1:1: unknown column \"parent\"");
}

TEST(ContentCheck, NamesEachBadRowByPlaceAndReason) {
  Content content;
  content.entity_row("3CA90000-0000-4000-8000-000000000001,page,,{}")
      .entity_row(id(5) + ",Page,,{}")
      .entity_row(id(6) + ",page,hut,{}")
      .entity_row(id(7) + ",page,,[]")
      .entity_row(id(8) + ",page");
  content.association_row(id(1) + "," + id(2) + ",/a,contains,heavy");
  const ContentCheck check = content.check();
  EXPECT_EQ(
      check.problems.first,
      (Texts{"entities.csv:5:1: id \"3CA90000-0000-4000-8000-000000000001\" is not a UUID in lower "
             "case",
             "entities.csv:6:38: type \"Page\" is not of the form [a-z][a-z0-9_-]*",
             "entities.csv:7:43: semantic_name \"hut\" is not $ and 1 to 128 of [a-z0-9_.-]",
             "entities.csv:8:44: data is not a JSON object: it begins with something else than {",
             "entities.csv:9:1: the row has 2 fields, the header 4",
             "associations.csv:2:87: weight \"heavy\" is not a whole number of 32 bits"}));
  EXPECT_EQ(check.bad_entity_lines, (Lines{5, 6, 7, 8, 9}));
  EXPECT_EQ(check.bad_association_lines, Lines{2});
  EXPECT_EQ(check.entities, 3);
  EXPECT_EQ(check.associations, 0);
}

TEST(ContentCheck, RefusesIdsThatWouldBeTakenForStructure) {
  for (const char* bad : {"", "{1}", "a:b", "with space", "\"two\nlines\"", "*"}) {
    Content content;
    content.entity_row(std::string(bad) + ",page,,{}");
    ASSERT_EQ(content.problems().size(), 1U) << bad;
    EXPECT_NE(content.problems()[0].find("entities.csv:5:1: id "), std::string::npos)
        << content.problems()[0];
  }
}

TEST(ContentCheck, FindsDuplicateIds) {
  Content content;
  content.entity(4).entity(2).entity(2);
  const ContentCheck check = content.check();
  EXPECT_EQ(check.problems.first, (Texts{"entities.csv:6:1: the id " + id(2) + " is there twice",
                                         "entities.csv:7:1: the id " + id(2) + " is there twice"}));
  EXPECT_EQ(check.bad_entity_lines, (Lines{6, 7}));
  EXPECT_EQ(check.entities, 4);
}

TEST(ContentCheck, FindsDuplicateSemanticNamesOfAType) {
  Content content;
  content.entity(4, "$hut").entity_row(id(5) + ",theme,$hut,{}").entity(6, "$hut").entity(7);
  const ContentCheck check = content.check();
  EXPECT_EQ(check.problems.first,
            Texts{"entities.csv:7:43: the semantic name $hut is there twice for the type page"});
  EXPECT_EQ(check.bad_entity_lines, Lines{7});
  EXPECT_FALSE(check.entity_ids.contains(keys::fingerprint(id(6))));
}

// The name of a row that is out does not count as taken.
TEST(ContentCheck, TakesTheNameOfADuplicateThatIsLeftOut) {
  Content content;
  content.entity(1, "$hut").entity(4, "$hut");
  EXPECT_EQ(content.problems(), Texts{"entities.csv:5:1: the id " + id(1) + " is there twice"});
}

TEST(ContentCheck, FindsDuplicatePaths) {
  Content content;
  content.association(1, 2, "/a").association(1, 3, "/a", "references").association(1, 3, "/a/");
  const ContentCheck check = content.check();
  EXPECT_EQ(check.problems.first, Texts{"associations.csv:3:75: the path \"/a\" is there twice"});
  EXPECT_EQ(check.bad_association_lines, Lines{3});
  EXPECT_EQ(check.associations, 2);
}

TEST(ContentCheck, FindsASecondContainingParentAndNamesBothPaths) {
  Content content;
  content.association(1, 3, "/a").association(2, 3, "/b").association(2, 3, "/c", "references");
  const ContentCheck check = content.check();
  EXPECT_EQ(check.problems.first,
            Texts{"associations.csv:3:38: " + id(3) +
                  " has two containing parents: by the paths \"/a\" and \"/b\""});
  EXPECT_EQ(check.bad_association_lines, Lines{3});
  EXPECT_EQ(check.containments.path_of(id(3)), "/a");
}

TEST(ContentCheck, FindsSelfLoops) {
  Content content;
  content.association(1, 1, "/a").association(2, 2, "x", "references");
  EXPECT_EQ(content.problems(),
            (Texts{"associations.csv:2:38: child_id \"" + id(1) + "\" is the parent itself",
                   "associations.csv:3:38: child_id \"" + id(2) + "\" is the parent itself"}));
}

TEST(ContentCheck, FindsCyclesOfContainmentAndLeavesOutTheirLastRow) {
  Content content;
  content.association(1, 2, "/a").association(3, 1, "/c").association(2, 3, "/b");
  content.association_row("x").association(1, 2, "x", "references");
  const ContentCheck check = content.check();
  EXPECT_EQ(check.problems.first, (Texts{"associations.csv:5:1: the row has 1 field, the header 5",
                                         "associations.csv:4:1: the containment \"/b\" closes a "
                                         "cycle"}));
  EXPECT_EQ(check.bad_association_lines, (Lines{4, 5}));
  EXPECT_EQ(check.containments.path_of(id(3)), "");
  EXPECT_EQ(check.associations, 3);
}

TEST(ContentCheck, AllowsOtherCycles) {
  Content content;
  content.association(1, 2, "a", "references").association(2, 1, "b", "references");
  content.association(1, 3, "c", "extends").association(3, 1, "d", "see_also");
  EXPECT_EQ(content.problems(), Texts{});
}

TEST(ContentCheck, FindsAssociationsOfEntitiesThatAreNotThere) {
  Content content;
  content.association(1, 2, "/a").association(9, 1, "/x").association(1, 8, "y", "references");
  content.association(2, 3, "/a/b");
  const ContentCheck check = content.check();
  EXPECT_EQ(check.problems.first, (Texts{"associations.csv:3:1: there is no entity " + id(9),
                                         "associations.csv:4:38: there is no entity " + id(8)}));
  EXPECT_EQ(check.bad_association_lines, (Lines{3, 4}));
  EXPECT_EQ(check.containments.path_of(id(1)), "") << "a dangling parent contains nothing";
  EXPECT_EQ(check.containments.path_of(id(3)), "/a/b");
  EXPECT_EQ(check.associations, 2);
}

TEST(ContentCheck, MissesTheEntityOfABadRow) {
  Content content;
  content.entity_row(id(4) + ",page,,no json").association(1, 4, "/a");
  const ContentCheck check = content.check();
  ASSERT_EQ(check.problems.count, 2);
  EXPECT_EQ(check.problems.first[1], "associations.csv:2:38: there is no entity " + id(4));
}

TEST(ContentCheck, ReadsFilesWithTheirColumnsInAnyOrder) {
  const TemporaryDirectory directory;
  directory.write("entities.csv",
                  "data,updated_at,type,id\n{},2026,"
                  "page," +
                      id(1) + "\n{},,page," + id(2) + "\n");
  directory.write("associations.csv", "type,weight,path,child_id,parent_id\ncontains,0,/a," +
                                          id(2) + "," + id(1) + "\ncontains,0,/b," + id(2) + "," +
                                          id(1) + "\n");
  const auto check = check_content(directory.path(), {});
  ASSERT_TRUE(check);
  EXPECT_EQ(check->entities, 2);
  EXPECT_EQ(check->problems.first,
            Texts{"associations.csv:3:15: " + id(2) +
                  " has two containing parents: by the paths \"/a\" and \"/b\""});
}

TEST(ContentCheck, ChecksTheWordsOfASearchIndex) {
  Content content;
  content.word("hut," + id(1) + "  " + id(2) + " ").word("soup,");
  content.word("," + id(1)).word(std::string(65, 'x') + "," + id(1));
  content.word("lake," + id(1) + " " + id(9)).word("one,two,three").word("hut," + id(3));
  content.word("menu," + id(2) + " " + id(1) + " " + id(2));
  const ContentCheck check = content.check();
  EXPECT_TRUE(check.has_search_index);
  EXPECT_EQ(check.problems.first,
            (Texts{"search_index.csv:4:1: a word must have 1 to 64 bytes",
                   "search_index.csv:5:1: a word must have 1 to 64 bytes",
                   "search_index.csv:6:6: there is no entity \"" + id(9) + "\"",
                   "search_index.csv:7:1: the row has 3 fields, the header 2",
                   "search_index.csv:8:1: the word \"hut\" is there twice",
                   "search_index.csv:9:6: the id " + id(2) + " is there twice"}));
  EXPECT_EQ(check.bad_index_lines, (Lines{4, 5, 6, 7, 8, 9}));
}

TEST(ContentCheck, NamesAnOpenQuoteOnce) {
  Content content;
  content.entity_row(id(4) + ",page,,\"{}").entity(5);
  content.association(1, 2, "\"/a");
  const ContentCheck check = content.check();
  EXPECT_EQ(check.problems.first,
            (Texts{"entities.csv:5:44: the quote that opens here is never closed",
                   "associations.csv:2:75: the quote that opens here is never closed"}));
  EXPECT_EQ(check.bad_entity_lines, Lines{5});
}

TEST(ContentCheck, CountsEveryProblemAndKeepsTheFirstThousand) {
  Content content;
  for (int i = 0; i < 900; ++i) content.entity(1);
  for (int i = 0; i < 900; ++i) content.association(1, 2, "/a");
  const ContentCheck check = content.check();
  EXPECT_EQ(check.problems.count, 900 + 899);
  EXPECT_EQ(check.problems.first.size(), ContentProblems::kMostKept);
}

TEST(ContentCheck, StopsOnRequest) {
  const Content content;
  std::stop_source stop;
  stop.request_stop();
  const auto check = check_content(content.write().path(), stop.get_token());
  ASSERT_FALSE(check);
  EXPECT_EQ(check.error().kind, ErrorKind::Interrupted);
}

// A file that is not what was checked must not be loaded by what the check said.
TEST(ContentCheck, KnowsTheFilesThatWereChecked) {
  Content content;
  content.association(1, 2, "/a").word("hut," + id(1));
  const ContentCheck check = content.check();
  const TemporaryDirectory& directory = content.write();
  const ContentCheck again = content.check();
  EXPECT_EQ(again.files.size(), 3U);
  auto same = EntityFile::open(directory.path());
  ASSERT_TRUE(same);
  EXPECT_TRUE(same_as_checked(again, same->reader()));
  EXPECT_EQ(same_as_checked(ContentCheck{}, same->reader()).error().message,
            "entities.csv was changed after it was checked: start again");

  // An editor writes beside and renames; another appends.
  std::filesystem::copy_file(directory.file("entities.csv"), directory.file("fresh.csv"));
  std::filesystem::rename(directory.file("fresh.csv"), directory.file("entities.csv"));
  const auto replaced = EntityFile::open(directory.path());
  ASSERT_TRUE(replaced);
  EXPECT_FALSE(same_as_checked(again, replaced->reader()));
  std::ofstream(directory.file("associations.csv"), std::ios::app) << "\n";
  const auto longer = AssociationFile::open(directory.path());
  ASSERT_TRUE(longer);
  EXPECT_FALSE(same_as_checked(again, longer->reader()));
}

// Somebody appends all the time; sooner or later it happens between a file's first byte and its
// last.
TEST(ContentCheck, RefusesAFileThatGrowsMeanwhile) {
  Content content;
  for (int i = 0; i < 2000; ++i) content.association(1, 2, std::to_string(i), "references");
  for (int i = 0; i < 2000; ++i) content.word("word" + std::to_string(i) + "," + id(1));
  for (const char* name : {"entities.csv", "associations.csv", "search_index.csv"}) {
    const TemporaryDirectory& directory = content.write();
    const std::jthread appending([&](const std::stop_token& stop) {
      std::ofstream out(directory.file(name), std::ios::app);
      while (!stop.stop_requested()) out << "\n" << std::flush;
    });
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    auto check = check_content(directory.path(), {});
    while (check && std::chrono::steady_clock::now() < deadline) {
      check = check_content(directory.path(), {});
    }
    ASSERT_FALSE(check) << name;
    EXPECT_EQ(check.error().kind, ErrorKind::Io) << name;
    EXPECT_NE(check.error().message.find("was changed while it was read"), std::string::npos)
        << check.error().message;
  }
}

// Real content, whole: nothing in it is refused.
TEST(ContentCheck, TakesTheSharedContent) {
  const std::string data = std::string(REDKEEP_SOURCE_DIR) + "/../shared/data";
  if (!std::filesystem::exists(data + "/debian-content")) GTEST_SKIP() << data << " is not there";
  const auto debian = check_content(data + "/debian-content", {});
  ASSERT_TRUE(debian) << debian.error().message;
  EXPECT_EQ(debian->problems.first, Texts{});
  EXPECT_EQ(debian->entities, 63'495);
  EXPECT_EQ(debian->associations, 311'180);
  EXPECT_EQ(debian->containments.size(), 63'494U);
  const auto tldr = check_content(data + "/tldr-content", {});
  ASSERT_TRUE(tldr) << tldr.error().message;
  EXPECT_EQ(tldr->problems.first, Texts{});
  EXPECT_EQ(tldr->associations, 79'021);
}

}  // namespace
}  // namespace redkeep::recovery
