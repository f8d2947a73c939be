// What the reader refuses, and how it says where (fault catalogue F48 to F52).
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>

#include "temporary_directory.h"
#include "unit/recovery/csv/csv_rows.h"

namespace redkeep::recovery {
namespace {

using Row = std::vector<std::string>;
using Rows = std::vector<Row>;
using Texts = std::vector<std::string>;

CsvRows read_two_columns(std::string_view bytes) {
  const TemporaryDirectory directory;
  return read_rows(directory.write("x.csv", bytes), kTwoColumns);
}

// What is said of one row between two good ones.
std::string problem_of(std::string_view row) {
  const CsvRows found = read_two_columns("a,b\n1,2\n" + std::string(row) + "\n3,4\n");
  EXPECT_EQ(found.rows, (Rows{{"1", "2"}, {"3", "4"}})) << row;
  EXPECT_EQ(found.problems.size(), 1U) << row;
  EXPECT_EQ(found.rejects, Texts{std::string(row)}) << row;
  return found.problems.empty() ? std::string() : found.problems[0];
}

TEST(CsvReaderFaults, RefusesAQuoteInTheMiddleOfAField) {
  EXPECT_EQ(problem_of("x\"y,2"), "x.csv:3:2: a quote in the middle of a field");
  EXPECT_EQ(problem_of("1, \"y\""), "x.csv:3:4: a quote in the middle of a field");
  EXPECT_EQ(problem_of("1,y\""), "x.csv:3:4: a quote in the middle of a field");
}

TEST(CsvReaderFaults, RefusesTextAfterAClosingQuote) {
  EXPECT_EQ(problem_of("\"x\"y,2"), "x.csv:3:4: text after the closing quote of a field");
  EXPECT_EQ(problem_of("1,\"2\" "), "x.csv:3:6: text after the closing quote of a field");
  EXPECT_EQ(problem_of("1,\"2\" \"3\""), "x.csv:3:6: text after the closing quote of a field");
}

TEST(CsvReaderFaults, RefusesACarriageReturnWithoutANewline) {
  EXPECT_EQ(problem_of("1\r,2"), "x.csv:3:2: a carriage return without a newline");
  EXPECT_EQ(problem_of("1,2\r3,4"), "x.csv:3:4: a carriage return without a newline");
  EXPECT_EQ(problem_of("1,\"2\"\r3,4"), "x.csv:3:6: a carriage return without a newline");
  EXPECT_EQ(read_two_columns("a,b\n1,2\r").problems,
            Texts{"x.csv:2:4: a carriage return without a newline"});
  EXPECT_EQ(read_two_columns("a,b\n1,2\r\r\n").problems,
            Texts{"x.csv:2:4: a carriage return without a newline"});
}

TEST(CsvReaderFaults, RefusesRowsOfAnotherLength) {
  EXPECT_EQ(problem_of("1"), "x.csv:3:1: the row has 1 field, the header 2");
  EXPECT_EQ(problem_of("1,2,3"), "x.csv:3:1: the row has 3 fields, the header 2");
  EXPECT_EQ(problem_of("1,2,"), "x.csv:3:1: the row has 3 fields, the header 2");
  EXPECT_EQ(problem_of(""), "x.csv:3:1: the row has 1 field, the header 2");
  EXPECT_EQ(problem_of("\"1,2\n\"\"\""), "x.csv:3:1: the row has 1 field, the header 2");
}

TEST(CsvReaderFaults, NamesEachBadRowAndKeepsItApart) {
  const CsvRows found = read_two_columns("a,b\n1\n1,2\n1,\"x\"y\n1,2,3\n4\n\"5\",\xFF\n6\n");
  EXPECT_EQ(found.rows, (Rows{{"1", "2"}}));
  EXPECT_EQ(found.problems, (Texts{"x.csv:2:1: the row has 1 field, the header 2",
                                   "x.csv:4:6: text after the closing quote of a field",
                                   "x.csv:5:1: the row has 3 fields, the header 2",
                                   "x.csv:6:1: the row has 1 field, the header 2",
                                   "x.csv:7:5: the byte \\xff is not UTF-8",
                                   "x.csv:8:1: the row has 1 field, the header 2"}));
  EXPECT_EQ(found.rejects, (Texts{"1", "1,\"x\"y", "1,2,3", "4", "\"5\",\xFF", "6"}));
}

// A bad row ends where its fault's line ends: what stands in its quotes is never read as rows.
TEST(CsvReaderFaults, DoesNotTakeQuotedTextOfABadRowForRows) {
  const CsvRows found = read_two_columns("a,b\n1,\"x\n5,6\n7,8\"y\n3,4\n");
  EXPECT_EQ(found.rows, (Rows{{"3", "4"}}));
  EXPECT_EQ(found.problems, Texts{"x.csv:4:5: text after the closing quote of a field (the row "
                                  "begins in line 2)"});
  EXPECT_EQ(found.rejects, Texts{"1,\"x\n5,6\n7,8\"y"});
  EXPECT_EQ(found.lines, std::vector<std::int64_t>{5});
}

TEST(CsvReaderFaults, F50NamesWhereAQuoteWasOpenedThatIsNeverClosed) {
  const CsvRows found = read_two_columns("a,b\n1,2\n3,\"4\n5,6\n7,\"\"8\n");
  EXPECT_EQ(found.rows, (Rows{{"1", "2"}}));
  EXPECT_EQ(found.broken, "x.csv:3:3: the quote that opens here is never closed");
  EXPECT_EQ(found.rejects, Texts{"3,\"4\n5,6\n7,\"\"8\n"});
  EXPECT_EQ(read_two_columns("a,b\n\"").broken,
            "x.csv:2:1: the quote that opens here is never closed");
  EXPECT_EQ(read_two_columns("a,b\n\"x\ny\",\"z").broken,
            "x.csv:3:4: the quote that opens here is never closed");
  EXPECT_EQ(read_two_columns("a,b\n1,\"\"\"").broken,
            "x.csv:2:3: the quote that opens here is never closed");
}

TEST(CsvReaderFaults, TellsAnOpenQuoteFromAFileThatFailed) {
  const TemporaryDirectory directory;
  auto reader = CsvReader::open(directory.write("x.csv", "a,b\n1,2\n3,\"4\n"), kTwoColumns);
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->next(), CsvReader::Next::Row);
  EXPECT_FALSE(reader->failed());
  EXPECT_EQ(reader->next(), CsvReader::Next::Broken);
  EXPECT_FALSE(reader->failed());
}

TEST(CsvReaderFaults, NamesTheStartOfAnOpenQuoteFarBack) {
  std::string text = "a,b\n1,2\n3,\"";
  for (int line = 0; line < 300'000; ++line) text += "some text\n";
  EXPECT_EQ(read_two_columns(text).broken, "x.csv:3:3: the quote that opens here is never closed");
}

TEST(CsvReaderFaults, F49RefusesNulWithItsPlace) {
  EXPECT_EQ(problem_of(std::string("1,x\0y", 5)), "x.csv:3:4: a NUL byte");
  EXPECT_EQ(problem_of(std::string("\"1\n\0\",2", 7)), "x.csv:4:1: a NUL byte");
}

TEST(CsvReaderFaults, F49RefusesWhatIsNotUtf8WithItsPlace) {
  EXPECT_EQ(problem_of("h\xF6hle,2"), "x.csv:3:2: the byte \\xf6 is not UTF-8") << "latin-1";
  EXPECT_EQ(problem_of("1,\x80"), "x.csv:3:3: the byte \\x80 is not UTF-8") << "a continuation";
  EXPECT_EQ(problem_of("1,\xC0\xAF"), "x.csv:3:3: the byte \\xc0 is not UTF-8") << "overlong";
  EXPECT_EQ(problem_of("1,\xE0\x80\xAF"), "x.csv:3:3: the byte \\xe0 is not UTF-8") << "overlong";
  EXPECT_EQ(problem_of("1,\xED\xA0\x80"), "x.csv:3:3: the byte \\xed is not UTF-8") << "surrogate";
  EXPECT_EQ(problem_of("1,\xF4\x90\x80\x80"), "x.csv:3:3: the byte \\xf4 is not UTF-8")
      << "past the end";
  EXPECT_EQ(problem_of("\xE2\x82,2"), "x.csv:3:1: the byte \\xe2 is not UTF-8") << "cut short";
  EXPECT_EQ(problem_of("\"x\ny\"\"z\xFF\",2"), "x.csv:4:5: the byte \\xff is not UTF-8");
  EXPECT_EQ(problem_of("höhle,\xFF"), "x.csv:3:8: the byte \\xff is not UTF-8")
      << "columns are bytes";
}

TEST(CsvReaderFaults, NamesTheFirstFaultOfARow) {
  EXPECT_EQ(problem_of("h\xF6hle,x\"y"), "x.csv:3:2: the byte \\xf6 is not UTF-8");
  EXPECT_EQ(problem_of(std::string("\"1\n\0\"x,2", 8)), "x.csv:4:1: a NUL byte");
  EXPECT_EQ(problem_of("1,\r\xF6"), "x.csv:3:3: a carriage return without a newline");
}

TEST(CsvReaderFaults, F49RefusesAFileInUtf16) {
  EXPECT_EQ(read_two_columns(std::string("\xFF\xFE"
                                         "a\0,\0b\0\r\0\n\0",
                                         12))
                .failure,
            "x.csv:1:1: the byte \\xff is not UTF-8");
  EXPECT_EQ(read_two_columns(std::string("\xFF\xFE"
                                         "a\0,\0b\0\n\0",
                                         10))
                .failure,
            "x.csv:1:1: the byte \\xff is not UTF-8");
  EXPECT_EQ(read_two_columns(std::string("a\0,\0b\0\n\0", 8)).failure, "x.csv:1:2: a NUL byte");
}

TEST(CsvReaderFaults, F50BoundsTheColumns) {
  std::string many = "a,b";
  for (int i = 0; i < 10'000; ++i) many += ",c";
  EXPECT_EQ(read_two_columns(many + "\n").failure, "x.csv:1:2001: there are more than 1000 fields");
  EXPECT_EQ(problem_of(std::string(5000, ',')), "x.csv:3:1001: there are more than 1000 fields");
}

// Quotes count as the field has them, not as the file does. Written and read in pieces, because a
// few copies of such a field take longer than the rest of these tests.
TEST(CsvReaderFaults, F50BoundsFieldsTo64MiB) {
  const TemporaryDirectory directory;
  const auto open_with = [&](std::string_view ending) {
    const std::string path = directory.write("x.csv", "a,b\n1,\"");
    std::ofstream out(path, std::ios::app | std::ios::binary);
    const std::string piece(1 << 20, 'x');
    for (int i = 0; i < 63; ++i) out << piece;
    out << piece.substr(5) << ending << "\"\n2,3\n";
    out.close();
    return CsvReader::open(path, kTwoColumns);
  };
  auto longest = open_with(R"("""""""""")");  // five quotes
  ASSERT_TRUE(longest);
  EXPECT_EQ(longest->next(), CsvReader::Next::Row);
  EXPECT_EQ(longest->field(1).size(), CsvReader::kMaxFieldBytes);
  EXPECT_TRUE(longest->field(1).ends_with("x\"\"\"\"\""));
  longest = open_with("six, \n");
  ASSERT_TRUE(longest);
  EXPECT_EQ(longest->next(), CsvReader::Next::BadRow);
  EXPECT_EQ(longest->problem(), "x.csv:2:3: a field has more than 64 MiB");
  EXPECT_EQ(longest->next(), CsvReader::Next::Row);
  EXPECT_EQ(longest->field(1), "3");
  EXPECT_EQ(longest->line(), 4);
}

// The file is sparse: its 300 MiB are nowhere but in the reader's eyes.
TEST(CsvReaderFaults, BoundsRowsTo128MiB) {
  const TemporaryDirectory directory;
  const auto broken_by = [&](std::string_view start) {
    const std::string path = directory.write("x.csv", start);
    EXPECT_EQ(::truncate(path.c_str(), 300 << 20), 0);
    return read_rows(path, kTwoColumns).broken;
  };
  EXPECT_EQ(broken_by("a,b\n1,2\nx"), "x.csv:3:1: the row is longer than 128 MiB");
  EXPECT_EQ(broken_by("a,b\n1,2\nx\""), "x.csv:3:1: the row is longer than 128 MiB");
  EXPECT_EQ(broken_by("a,b\n1,\"\n"),
            "x.csv:2:3: the quote that opens here is not closed for 128 MiB");
}

TEST(CsvReaderFaults, KeepsALongBadRowWhole) {
  const std::string row = "1,\"" + std::string(3 << 20, 'x') + "\"y";
  const CsvRows found = read_two_columns("a,b\n" + row + "\n1,2\n");
  ASSERT_EQ(found.rejects.size(), 1U);
  EXPECT_TRUE(found.rejects[0] == row);
  EXPECT_EQ(found.rows, (Rows{{"1", "2"}}));
}

std::string open_failure(const std::string& path) {
  const auto reader = CsvReader::open(path, kTwoColumns);
  return reader ? std::string() : reader.error().message;
}

TEST(CsvReaderFaults, NamesAFileThatIsNotThere) {
  const TemporaryDirectory directory;
  const auto reader = CsvReader::open(directory.file("x.csv"), kTwoColumns);
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().kind, ErrorKind::NotFound);
  EXPECT_EQ(reader.error().message,
            "cannot open " + directory.file("x.csv") + ": No such file or directory");
}

TEST(CsvReaderFaults, RefusesDirectoriesAndDevices) {
  const TemporaryDirectory directory;
  EXPECT_EQ(open_failure(directory.path()), directory.path() + " is not a regular file");
  EXPECT_EQ(open_failure("/dev/null"), "/dev/null is not a regular file");
}

TEST(CsvReaderFaults, DoesNotWaitForAFifo) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("x.csv");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(open_failure(path), path + " is not a regular file");
}

TEST(CsvReaderFaults, NamesAFileThatItMayNotRead) {
  const TemporaryDirectory directory;
  const std::string path = directory.write("x.csv", "a,b\n");
  ASSERT_EQ(::chmod(path.c_str(), 0), 0);
  const bool root = ::geteuid() == 0;  // root may read everything: be nobody for a moment
  if (root) {
    ASSERT_EQ(::chmod(directory.path().c_str(), 0755), 0);
    ASSERT_EQ(::seteuid(65534), 0);
  }
  const std::string failure = open_failure(path);
  if (root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  EXPECT_EQ(failure, "cannot open " + path + ": Permission denied");
}

// A regular file whose first byte cannot be read, on every Linux.
TEST(CsvReaderFaults, SaysThatReadingFailed) {
  if (::access("/proc/self/mem", R_OK) != 0) GTEST_SKIP() << "/proc is not mounted here";
  const auto reader = CsvReader::open("/proc/self/mem", kTwoColumns);
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().kind, ErrorKind::Io);
  EXPECT_EQ(reader.error().message, "mem:1:1: the file cannot be read: Input/output error");
}

TEST(CsvReaderFaults, FollowsSymbolicLinks) {
  const TemporaryDirectory directory;
  const std::string target = directory.write("target.csv", "a,b\n1,2\n3\n");
  ASSERT_EQ(::symlink(target.c_str(), directory.file("x.csv").c_str()), 0);
  const CsvRows found = read_rows(directory.file("x.csv"), kTwoColumns);
  EXPECT_EQ(found.rows, (Rows{{"1", "2"}}));
  EXPECT_EQ(found.problems, Texts{"x.csv:3:1: the row has 1 field, the header 2"});
}

TEST(CsvReaderFaults, ShowsNamesOfFilesWithoutTheirControlCharacters) {
  const TemporaryDirectory directory;
  const auto reader = CsvReader::open(directory.write("x\x1B[31m.csv", "c\n"), kTwoColumns);
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().message, "x\\x1b[31m.csv:1:1: unknown column \"c\"");
}

constexpr std::string_view kChanged = "the file was changed while it was read: start again";

CsvRows read_while(const std::string& path, const std::function<void()>& change) {
  CsvRows found;
  auto reader = CsvReader::open(path, kTwoColumns);
  if (!reader) {
    found.failure = reader.error().message;
    return found;
  }
  EXPECT_EQ(reader->next(), CsvReader::Next::Row);
  change();
  auto next = reader->next();
  for (; next == CsvReader::Next::Row; next = reader->next()) found.rows.emplace_back();
  if (next == CsvReader::Next::Broken) {
    found.broken = reader->problem();
    found.rejects.push_back(reader->row_as_csv());
    EXPECT_EQ(reader->next(), CsvReader::Next::Broken) << "broken is broken";
    EXPECT_EQ(reader->problem(), found.broken);
    EXPECT_TRUE(reader->failed());
  }
  return found;
}

TEST(CsvReaderFaults, RefusesAFileThatGrowsWhileItIsRead) {
  const TemporaryDirectory directory;
  const std::string path = directory.write("x.csv", "a,b\n1,2\n");
  const CsvRows found = read_while(path, [&] { std::ofstream(path, std::ios::app) << "3,4\n"; });
  EXPECT_TRUE(found.broken.ends_with(kChanged)) << found.broken;
  EXPECT_EQ(found.rejects, Texts{""}) << "a row that was given before is not given again";
}

TEST(CsvReaderFaults, RefusesAFileThatIsTruncatedWhileItIsRead) {
  const TemporaryDirectory directory;
  std::string text = "a,b\n";
  while (text.size() < (3U << 20)) text += "some,row\n";
  const std::string path = directory.write("x.csv", text);
  const CsvRows found = read_while(path, [&] { EXPECT_EQ(::truncate(path.c_str(), 4), 0); });
  EXPECT_TRUE(found.broken.ends_with(kChanged)) << found.broken;
}

TEST(CsvReaderFaults, RefusesAFileThatIsEditedWhileItIsRead) {
  const TemporaryDirectory directory;
  const std::string path = directory.write("x.csv", "a,b\n1,2\n3,4\n");
  const CsvRows found = read_while(path, [&] {
    directory.write("x.csv", "a,b\n1,2\n5,6\n");
    // As if a moment had passed: clocks of file systems are coarse.
    const timespec times[2] = {{0, UTIME_OMIT}, {1'700'000'000, 1}};
    EXPECT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  });
  EXPECT_TRUE(found.broken.ends_with(kChanged)) << found.broken;
}

// An editor writes beside and renames: the file that was opened is read to its end as it was.
TEST(CsvReaderFaults, ReadsTheFileThatItOpenedWhenItIsReplaced) {
  const TemporaryDirectory directory;
  const std::string path = directory.write("x.csv", "a,b\n1,2\n3,4\n");
  const CsvRows found = read_while(path, [&] {
    const std::string fresh = directory.write("fresh.csv", "a,b\n");
    std::filesystem::rename(fresh, path);
  });
  EXPECT_EQ(found.broken, "");
  EXPECT_EQ(found.rows.size(), 1U);
}

}  // namespace
}  // namespace redkeep::recovery
