// What the reader takes: RFC 4180, headers, rows across the blocks in which the file is read.
#include "recovery/csv/csv_reader.h"

#include <gtest/gtest.h>

#include "recovery/csv/csv_field.h"
#include "temporary_directory.h"
#include "unit/recovery/csv/csv_rows.h"

namespace redkeep::recovery {
namespace {

using Row = std::vector<std::string>;
using Rows = std::vector<Row>;
using Lines = std::vector<std::int64_t>;
using Texts = std::vector<std::string>;

constexpr std::size_t kReaderBlockBytes = std::size_t{1} << 20;

CsvRows read_csv(std::string_view bytes, const std::vector<CsvColumn>& columns = kTwoColumns) {
  const TemporaryDirectory directory;
  return read_rows(directory.write("x.csv", bytes), columns);
}

Rows rows_of(std::string_view bytes, const std::vector<CsvColumn>& columns = kTwoColumns) {
  const CsvRows found = read_csv(bytes, columns);
  EXPECT_EQ(found.failure, "");
  EXPECT_EQ(found.problems, Texts{});
  EXPECT_EQ(found.broken, "");
  return found.rows;
}

TEST(CsvReader, ReadsPlainRows) {
  EXPECT_EQ(rows_of("a,b\n1,2\n3,4\n"), (Rows{{"1", "2"}, {"3", "4"}}));
}

TEST(CsvReader, TakesNewlinesWithAndWithoutCarriageReturnAndMixed) {
  EXPECT_EQ(rows_of("a,b\r\n1,2\r\n3,4\r\n"), (Rows{{"1", "2"}, {"3", "4"}}));
  EXPECT_EQ(rows_of("a,b\n1,2\r\n\"3\",\"4\"\n5,\"6\"\r\n"),
            (Rows{{"1", "2"}, {"3", "4"}, {"5", "6"}}));
}

TEST(CsvReader, TakesAFileWithoutItsLastNewline) {
  EXPECT_EQ(rows_of("a,b\n1,2"), (Rows{{"1", "2"}}));
  EXPECT_EQ(rows_of("a,b\n1,\"2\""), (Rows{{"1", "2"}}));
  EXPECT_EQ(rows_of("a,b\n1,"), (Rows{{"1", ""}}));
  EXPECT_EQ(rows_of("a,b\n1,\"\""), (Rows{{"1", ""}}));
}

TEST(CsvReader, TakesAHeaderWithoutRows) {
  EXPECT_EQ(rows_of("a,b\n"), Rows{});
  EXPECT_EQ(rows_of("a,b"), Rows{});
  EXPECT_EQ(rows_of("a,b\r\n"), Rows{});
}

TEST(CsvReader, LeavesAByteOrderMarkOut) {
  EXPECT_EQ(rows_of("\xEF\xBB\xBF"
                    "a,b\n1,2\n"),
            (Rows{{"1", "2"}}));
  EXPECT_EQ(rows_of("\xEF\xBB\xBF\"a\",b\r\n1,2\n"), (Rows{{"1", "2"}}));
}

TEST(CsvReader, KeepsAByteOrderMarkThatIsNotInFront) {
  EXPECT_EQ(rows_of("a,b\n\xEF\xBB\xBF,2\n"), (Rows{{"\xEF\xBB\xBF", "2"}}));
}

TEST(CsvReader, ReadsQuotedFields) {
  EXPECT_EQ(rows_of("a,b\n\"1,1\",\"\"\n"), (Rows{{"1,1", ""}}));
  EXPECT_EQ(rows_of("a,b\n\" 1 \", 2 \n"), (Rows{{" 1 ", " 2 "}}));
}

TEST(CsvReader, TakesTwoQuotesForOne) {
  EXPECT_EQ(rows_of("a,b\n\"x\"\"y\",\"\"\"\"\n"), (Rows{{"x\"y", "\""}}));
  EXPECT_EQ(rows_of("a,b\n\"\"\"\"\"\",\"\"\"x\"\"\"\n"), (Rows{{"\"\"", "\"x\""}}));
  EXPECT_EQ(rows_of("a,b\n\"{\"\"k\"\":\"\"v\"\"}\",\"a\"\"\"\"b\"\"c\"\n"),
            (Rows{{"{\"k\":\"v\"}", "a\"\"b\"c"}}));
}

TEST(CsvReader, KeepsEveryByteInQuotes) {
  EXPECT_EQ(rows_of("a,b\n\"1\n2\",\"\r\n\"\n\"\r\",\"\n\n\"\r\n"),
            (Rows{{"1\n2", "\r\n"}, {"\r", "\n\n"}}));
  EXPECT_EQ(rows_of("a,b\n\"\t\x01\",höhle\n"), (Rows{{"\t\x01", "höhle"}}));
}

TEST(CsvReader, CountsTheLinesInQuotes) {
  const CsvRows found = read_csv("a,b\n1,\"x\n\ny\"\n2,z\n\"p\nq\",r\r\n3,s\n");
  EXPECT_EQ(found.lines, (Lines{2, 5, 6, 8}));
}

TEST(CsvReader, ReadsColumnsInAnyOrderAndWithoutTheOptionalOnes) {
  const std::vector<CsvColumn> columns{{"a"}, {"b"}, {"c", false}};
  EXPECT_EQ(rows_of("b,a\n1,2\n", columns), (Rows{{"2", "1", ""}}));
  EXPECT_EQ(rows_of("c,b,a\n1,2,3\n", columns), (Rows{{"3", "2", "1"}}));
  EXPECT_EQ(rows_of("\"b\",\"a\"\n1,2\n", columns), (Rows{{"2", "1", ""}}));
}

TEST(CsvReader, RefusesHeadersThatItDoesNotKnowWhole) {
  EXPECT_EQ(read_csv("a,b,d\n").failure, "x.csv:1:5: unknown column \"d\"");
  EXPECT_EQ(read_csv("a,B\n").failure, "x.csv:1:3: unknown column \"B\"");
  EXPECT_EQ(read_csv("a, b\n").failure, "x.csv:1:3: unknown column \" b\"");
  EXPECT_EQ(read_csv("a,b,\n").failure, "x.csv:1:5: unknown column \"\"");
  EXPECT_EQ(read_csv("\n1,2\n").failure, "x.csv:1:1: unknown column \"\"");
  EXPECT_EQ(read_csv("a;b\n").failure, "x.csv:1:1: unknown column \"a;b\"");
  EXPECT_EQ(read_csv("a,b,\"a\"\n").failure, "x.csv:1:5: the column \"a\" is there twice");
  EXPECT_EQ(read_csv("b\n").failure, "x.csv:1:1: the column \"a\" is missing");
  EXPECT_EQ(read_csv("\xEF\xBB\xBF"
                     "a,c\n")
                .failure,
            "x.csv:1:3: unknown column \"c\"");
}

TEST(CsvReader, RefusesAnEmptyFile) {
  EXPECT_EQ(read_csv("").failure, "x.csv:1:1: the file is empty: it needs a header");
  EXPECT_EQ(read_csv("\xEF\xBB\xBF").failure, "x.csv:1:1: the file is empty: it needs a header");
}

TEST(CsvReader, RefusesAHeaderThatIsNoCsv) {
  EXPECT_EQ(read_csv("a,b\"\n").failure, "x.csv:1:4: a quote in the middle of a field");
  EXPECT_EQ(read_csv("a,\"b\n1,2\n").failure,
            "x.csv:1:3: the quote that opens here is never closed");
  EXPECT_EQ(read_csv("a,b\r1,2\r").failure, "x.csv:1:4: a carriage return without a newline");
}

TEST(CsvReader, WritesRowsAgainAsCsv) {
  const std::string text = "a,b\n1,\"2,\"\"x\"\"\"\n\"\n\",\"\r\"\nhöhle,\n";
  const TemporaryDirectory directory;
  auto reader = CsvReader::open(directory.write("x.csv", text), kTwoColumns);
  ASSERT_TRUE(reader);
  std::string again = reader->header() + '\n';
  while (reader->next() == CsvReader::Next::Row) again += reader->row_as_csv() + '\n';
  EXPECT_EQ(again, text);
}

TEST(CsvReader, ReadsBackWhatItsFieldsAreWrittenAs) {
  const Texts fields{"",     "x",  "\"", "\"\"", "a\"b", ",",      "\n",        "\r",
                     "\r\n", " x", "x ", "é",    "\t",   "a,\"\n", "\"quoted\""};
  std::string text = "a,b\n";
  for (const auto& field : fields) text += csv_field(field) + ',' + csv_field(field) + '\n';
  Rows expected;
  for (const auto& field : fields) expected.push_back({field, field});
  EXPECT_EQ(rows_of(text), expected);
}

TEST(CsvReader, PutsFieldsInQuotesOnlyWhereTheyNeedThem) {
  EXPECT_EQ(csv_field("plain text"), "plain text");
  EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_field("say \"x\""), "\"say \"\"x\"\"\"");
}

// A row of known bytes pushed over the border of the first block, byte by byte: every place of a
// quote, a comma, a newline and a character of several bytes is once the first behind the border.
TEST(CsvReader, ReadsRowsAcrossTheBlockBorder) {
  const std::string row = "\"x\"\"y\n\",\"höhle\"\r\n";
  const Row expected{"x\"y\n", "höhle"};
  const TemporaryDirectory directory;
  for (std::size_t before = 0; before <= row.size(); ++before) {
    std::string text = "a,b\n";
    text += std::string(kReaderBlockBytes - before - text.size() - 3, 'p') + ",q\n" + row + "1,2\n";
    const CsvRows found = read_rows(directory.write("x.csv", text), kTwoColumns);
    ASSERT_FALSE(found.refused()) << before;
    ASSERT_EQ(found.rows.size(), 3U) << before;
    EXPECT_EQ(found.rows[1], expected) << before;
    EXPECT_EQ(found.rows[2], (Row{"1", "2"})) << before;
    EXPECT_EQ(found.lines, (Lines{2, 3, 5})) << before;
  }
}

// The same where the border is the end of the file, and where the file ends behind one more byte.
TEST(CsvReader, ReadsARowThatEndsWithTheBlock) {
  for (const std::string_view tail : {"", "\n", "\r\n", "\"", "\"\n", "\"\r\n"}) {
    std::string text = "a,b\nq,";
    if (tail.starts_with('"')) text += '"';
    const std::size_t bytes = kReaderBlockBytes - text.size() - tail.size();
    text += std::string(bytes, 'p') + std::string(tail);
    ASSERT_EQ(text.size(), kReaderBlockBytes);
    const Rows expected{{"q", std::string(bytes, 'p')}};
    EXPECT_TRUE(rows_of(text) == expected) << tail;
    if (tail.ends_with('\n')) {
      const CsvRows found = read_csv(text + "x");
      EXPECT_TRUE(found.rows == expected) << tail;
      EXPECT_EQ(found.problems, Texts{"x.csv:3:1: the row has 1 field, the header 2"}) << tail;
    }
  }
}

TEST(CsvReader, ReadsRowsOfSeveralBlocks) {
  std::string field;
  while (field.size() < 5 * kReaderBlockBytes) field += "he said \"no\",\r\nand \"\"went\n";
  const std::string text = "a,b\n1,x\n" + csv_field(field) + ",\"y\"\n" + "2,z\n";
  const CsvRows found = read_csv(text);
  ASSERT_FALSE(found.refused());
  ASSERT_EQ(found.rows.size(), 3U);
  EXPECT_TRUE(found.rows[1][0] == field);
  EXPECT_EQ(found.rows[1][1], "y");
  EXPECT_EQ(found.rows[2], (Row{"2", "z"}));
  const auto newlines = std::count(field.begin(), field.end(), '\n');
  EXPECT_EQ(found.lines, (Lines{2, 3, 4 + newlines}));
}

TEST(CsvReader, CountsTheBytesOfTheWholeFile) {
  const std::string text =
      "\xEF\xBB\xBF"
      "a,b\r\n1,2\n\"x\"y,2\n3\n4,\"5\n\"";
  const TemporaryDirectory directory;
  auto reader = CsvReader::open(directory.write("x.csv", text), kTwoColumns);
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->file_bytes(), static_cast<std::int64_t>(text.size()));
  EXPECT_EQ(reader->bytes_read(), 8);
  while (reader->next() != CsvReader::Next::End) {
  }
  EXPECT_EQ(reader->bytes_read(), reader->file_bytes());
}

TEST(CsvReader, GoesOnAfterItWasMoved) {
  const TemporaryDirectory directory;
  auto opened = CsvReader::open(directory.write("x.csv", "a,b\n1,2\n3,\"4\n"), kTwoColumns);
  ASSERT_TRUE(opened);
  ASSERT_EQ(opened->next(), CsvReader::Next::Row);
  CsvReader moved = std::move(*opened);
  EXPECT_EQ(moved.field(1), "2");
  EXPECT_EQ(moved.problem_at(1, "why"), "x.csv:2:3: why");
  EXPECT_EQ(moved.next(), CsvReader::Next::Broken);
  EXPECT_EQ(moved.problem(), "x.csv:3:3: the quote that opens here is never closed");
}

TEST(CsvReader, NamesThePlaceOfAField) {
  const TemporaryDirectory directory;
  const std::vector<CsvColumn> columns{{"a"}, {"b"}, {"c", false}};
  auto reader = CsvReader::open(directory.write("x.csv", "a,b\n\"1\n2\",höhle\n"), columns);
  ASSERT_TRUE(reader);
  ASSERT_EQ(reader->next(), CsvReader::Next::Row);
  EXPECT_EQ(reader->problem_at(0, "why"), "x.csv:2:1: why");
  EXPECT_EQ(reader->problem_at(1, "why"), "x.csv:3:4: why");
  EXPECT_EQ(reader->problem_at(2, "why"), "x.csv:2:1: why")
      << "a column that the file does not have";
}

}  // namespace
}  // namespace redkeep::recovery
