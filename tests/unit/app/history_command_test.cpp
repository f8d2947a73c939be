// `redkeep history` on files as a guard leaves them, without any guard or Redis.
#include <filesystem>

#include "guard/ledger_file.h"
#include "guard/ledger_line.h"
#include "unit/app/clean_surroundings.h"
#include "unit/app/run_redkeep.h"

namespace redkeep::app {
namespace {

using guard::LedgerEntry;
using guard::LedgerKind;

class HistoryCommand : public testing::Test {
 protected:
  static LedgerEntry entry(std::uint64_t number, std::chrono::minutes age, std::string reason) {
    LedgerEntry entry;
    entry.number = number;
    entry.when = std::chrono::system_clock::now() - age;
    entry.kind = LedgerKind::Alarm;
    entry.subject = "critical";
    entry.reason = std::move(reason);
    return entry;
  }
  // Two entries, three hours and one hour old.
  static std::vector<std::string> two() {
    using std::chrono::minutes;
    return {print_line(entry(1, minutes{180}, "the older")),
            print_line(entry(2, minutes{60}, "the newer"))};
  }
  void keep(const std::string& directory, const std::vector<std::string>& lines) {
    std::filesystem::create_directories(directory);
    std::string text;
    for (const auto& line : lines) text += line + "\n";
    around_.write(guard::ledger_path(directory), text);
  }
  static testing::AssertionResult has(const std::string& text, const std::string& part) {
    if (text.find(part) != std::string::npos) return testing::AssertionSuccess();
    return testing::AssertionFailure() << "\"" << part << "\" is not in: " << text;
  }

  CleanSurroundings around_;
};

TEST_F(HistoryCommand, WithoutALedgerItSaysWhereItLookedAndWhatToDo) {
  around_.write("redkeep.toml", "");
  const Said said = run_redkeep({"history"});
  EXPECT_EQ(said.code, 1);
  EXPECT_EQ(said.out, "");
  EXPECT_TRUE(has(said.err, "redkeep-data/ledger.jsonl"));
  EXPECT_TRUE(has(said.err, "--data DIR"));
  EXPECT_EQ(said.err.find('\n'), said.err.size() - 1);
  EXPECT_EQ(run_redkeep({"history", "--json", "--data", "else\x1bwhere"}).code, 1);
  EXPECT_TRUE(has(run_redkeep({"history", "--data", "else\x1bwhere"}).err, "else\\x1bwhere"));
}

TEST_F(HistoryCommand, LooksInTheFlagThenInTheConfigurationThenWhereUpKeepsIt) {
  keep("redkeep-data", {print_line(entry(1, std::chrono::minutes{1}, "of up"))});
  keep("configured", {print_line(entry(1, std::chrono::minutes{1}, "of the configuration"))});
  keep("given", {print_line(entry(1, std::chrono::minutes{1}, "of the flag"))});
  const std::string empty = around_.write("empty.toml", "");
  const std::string config = around_.write("c.toml", "[ledger]\ndirectory = \"configured\"\n");
  const std::string broken = around_.write("broken.toml", "[ledger\n");
  EXPECT_TRUE(has(run_redkeep({"history", "--config", empty}).out, "of up"));
  EXPECT_TRUE(has(run_redkeep({"history", "--config", config}).out, "of the configuration"));
  EXPECT_TRUE(has(run_redkeep({"history", "--config", config, "--data", "given"}).out, "the flag"));
  EXPECT_TRUE(has(run_redkeep({"history", "--config", broken, "--data", "given"}).out, "the flag"));
  EXPECT_EQ(run_redkeep({"history", "--config", broken}).code, 2);
  EXPECT_EQ(run_redkeep({"history", "--config", empty, "--data", ""}).code, 2);
}

TEST_F(HistoryCommand, TellsTheNewestLastWithASummaryOnTop) {
  keep("d", two());
  const Said said = run_redkeep({"history", "--data", "d"});
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(said.err, "");
  EXPECT_TRUE(said.out.starts_with("period     ")) << said.out;
  EXPECT_TRUE(has(said.out, ": 2 entries"));
  EXPECT_TRUE(has(said.out, "alarms     critical 2 times"));
  EXPECT_TRUE(has(said.out, "no guard is writing it now"));
  EXPECT_TRUE(has(said.out, "last: the newer"));
}

TEST_F(HistoryCommand, SinceLeavesOutWhatIsOlder) {
  keep("d", two());
  const Said said = run_redkeep({"history", "--data", "d", "--since", "2h"});
  EXPECT_TRUE(has(said.out, "the newer"));
  EXPECT_TRUE(has(said.out, ": 1 entries of the ledger's 2"));
  EXPECT_EQ(said.out.find("the older"), std::string::npos);
  const Said nothing = run_redkeep({"history", "--data", "d", "--since", "30m"});
  EXPECT_EQ(nothing.code, 0);
  EXPECT_TRUE(has(nothing.out, ": 0 entries"));
  for (const char* wrong : {"2", "yesterday", "-2h", ""}) {
    const Said refused = run_redkeep({"history", "--data", "d", "--since", wrong});
    EXPECT_EQ(refused.code, 2) << wrong;
    EXPECT_TRUE(has(refused.err, "--since")) << wrong;
  }
}

TEST_F(HistoryCommand, JsonIsTheFileLineByLine) {
  const auto lines = two();
  keep("d", lines);
  EXPECT_EQ(run_redkeep({"history", "--data", "d", "--json"}).out,
            lines[0] + "\n" + lines[1] + "\n");
  EXPECT_EQ(run_redkeep({"history", "--data", "d", "--json", "--since", "2h"}).out,
            lines[1] + "\n");
}

TEST_F(HistoryCommand, LinesThatAreNoEntriesAreCountedAndLeftOut) {
  auto lines = two();
  lines.insert(lines.begin() + 1, "{\"number\":2,\x1b[31m");
  keep("d", lines);
  for (const bool json : {false, true}) {
    std::vector<std::string> arguments{"history", "--data", "d"};
    if (json) arguments.emplace_back("--json");
    const Said said = run_redkeep(arguments);
    EXPECT_EQ(said.code, 0);
    EXPECT_TRUE(has(said.err, "1 line was left out: no entry"));
    EXPECT_EQ((said.out + said.err).find('\x1b'), std::string::npos);
  }
}

TEST_F(HistoryCommand, AnUnreadableFileIsNamed) {
  std::filesystem::create_directories("d/ledger.jsonl");
  const Said said = run_redkeep({"history", "--data", "d"});
  EXPECT_EQ(said.code, 1);
  EXPECT_TRUE(has(said.err, "d/ledger.jsonl cannot be read: it is no regular file"));
}

TEST_F(HistoryCommand, SaysWhetherAGuardIsWriting) {
  guard::LedgerFile file("d");
  ASSERT_TRUE(file.append(entry(1, std::chrono::minutes{1}, "x")));
  EXPECT_TRUE(has(run_redkeep({"history", "--data", "d"}).out, "a guard is writing it"));
}

}  // namespace
}  // namespace redkeep::app
