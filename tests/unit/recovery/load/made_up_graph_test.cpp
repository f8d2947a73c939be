// A made-up graph is content like any other, and the same for the same seed.
#include "recovery/load/made_up_graph.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "recovery/csv/content_check.h"
#include "recovery/disk/checksum.h"
#include "temporary_directory.h"

namespace redkeep::recovery {
namespace {

struct Made {
  explicit Made(std::int64_t entities, std::uint64_t seed = 1) {
    MadeUpGraphOptions options{directory.file("made"), entities, 2, seed};
    graph = write_made_up_graph(Disk::real(), options, {}, {});
  }
  std::string checksum(const std::string& file) const {
    return checksum_of_file(directory.file("made/" + file)).value();
  }
  TemporaryDirectory directory;
  Result<MadeUpGraph> graph = MadeUpGraph{};
};

TEST(MadeUpGraph, IsContentWithoutAProblem) {
  const Made made(500);
  ASSERT_TRUE(made.graph.ok());
  EXPECT_EQ(made.graph->entities, 500);
  EXPECT_EQ(made.graph->associations, 3 * 499);
  const auto check = check_content(made.directory.file("made"), {});
  ASSERT_TRUE(check.ok());
  EXPECT_EQ(check->problems.count, 0) << check->problems.first.front();
  EXPECT_EQ(check->entities, 500);
  EXPECT_EQ(check->associations, 3 * 499);
  EXPECT_EQ(check->total_bytes, made.graph->bytes);
}

TEST(MadeUpGraph, TheSameSeedGivesTheSameBytesAndAnotherOneOthers) {
  const Made one(200);
  const Made same(200);
  const Made other(200, 2);
  for (const auto* const file : {"entities.csv", "associations.csv"}) {
    EXPECT_EQ(one.checksum(file), same.checksum(file));
    EXPECT_NE(one.checksum(file), other.checksum(file));
  }
}

TEST(MadeUpGraph, OneEntityIsAGraph) {
  const Made made(1);
  ASSERT_TRUE(made.graph.ok());
  EXPECT_EQ(made.graph->associations, 0);
}

TEST(MadeUpGraph, FilesThatAreThereStayAndItSaysSo) {
  const TemporaryDirectory directory;
  directory.write("entities.csv", "mine\n");
  const MadeUpGraphOptions options{directory.path(), 10, 2, 1};
  const auto made = write_made_up_graph(Disk::real(), options, {}, {});
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().kind, ErrorKind::Refused);
  EXPECT_NE(made.error().message.find("entities.csv"), std::string::npos);
}

TEST(MadeUpGraph, StoppedItLeavesNoFile) {
  const TemporaryDirectory directory;
  std::stop_source stop;
  stop.request_stop();
  const MadeUpGraphOptions options{directory.path(), 10, 2, 1};
  const auto made = write_made_up_graph(Disk::real(), options, stop.get_token(), {});
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().kind, ErrorKind::Interrupted);
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

// What a killed one leaves, at any point, is in nobody's way.
TEST(MadeUpGraph, KilledItIsJustDoneAgain) {
  const Made whole(10);
  const std::vector<std::vector<std::string>> left{
      {"entities.csv.partial"},
      {"entities.csv.partial", "associations.csv.partial"},
      {"entities.csv.partial", "associations.csv"}};
  for (const auto& names : left) {
    const TemporaryDirectory directory;
    for (const auto& name : names) directory.write(name, "id,ty");
    const MadeUpGraphOptions options{directory.path(), 10, 2, 1};
    const auto made = write_made_up_graph(Disk::real(), options, {}, {});
    ASSERT_TRUE(made.ok()) << made.error().message;
    for (const auto* const file : {"entities.csv", "associations.csv"}) {
      EXPECT_EQ(checksum_of_file(directory.file(file)).value(), whole.checksum(file));
      EXPECT_FALSE(std::filesystem::exists(directory.file(file) + std::string(".partial")));
    }
  }
}

// The names are given when all is written, so until then nobody takes a part for the whole.
TEST(MadeUpGraph, AFileHasItsNameOnlyWhenBothAreWhole) {
  const TemporaryDirectory directory;
  int looks = 0;
  const MadeUpGraphOptions options{directory.path(), 30'000, 0, 1};
  const auto made = write_made_up_graph(Disk::real(), options, {}, [&](double) {
    ++looks;
    EXPECT_FALSE(std::filesystem::exists(directory.file("entities.csv")));
    EXPECT_FALSE(std::filesystem::exists(directory.file("associations.csv")));
  });
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_GT(looks, 3);
  EXPECT_TRUE(std::filesystem::exists(directory.file("entities.csv")));
}

}  // namespace
}  // namespace redkeep::recovery
