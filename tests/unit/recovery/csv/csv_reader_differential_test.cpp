// The reader against Python's csv module (strict), on every hard CSV file we have and on random
// ones: it reads the same rows or refuses with a reason, and is never silently different.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "temporary_directory.h"
#include "unit/recovery/csv/csv_rows.h"

namespace redkeep::recovery {
namespace {

using Rows = std::vector<std::vector<std::string>>;

// For each file named in argv[1], to argv[2]: the header by a lenient reading (to have its columns
// even where the rest is no CSV), then the rows by a strict one, or that there are none. A blank
// line is a list without fields to Python; by the grammar of RFC 4180 it is a record of one empty
// field.
constexpr std::string_view kScript = R"py(
import csv, io, sys
csv.field_size_limit(sys.maxsize)

def rows_of(data, encoding, strict):
    text = io.StringIO(data.decode(encoding), newline='')
    return (row or [''] for row in csv.reader(text, strict=strict))

def put(out, row, encoding):
    out.write(b'%d\n' % len(row))
    for field in row:
        field = field.encode(encoding)
        out.write(b'%d\n%s\n' % (len(field), field))

with open(sys.argv[2], 'wb') as out:
    for path in open(sys.argv[1], encoding='utf-8', errors='surrogateescape').read().split('\0'):
        with open(path, 'rb') as file:
            data = file.read()
        if data.startswith(b'\xef\xbb\xbf'):
            data = data[3:]
        try:
            put(out, next(rows_of(data, 'latin-1', False), ['']), 'latin-1')
        except csv.Error:
            put(out, [''], 'latin-1')
        try:
            rows = list(rows_of(data, 'utf-8', True))
        except (csv.Error, UnicodeError):
            out.write(b'-1\n')
            continue
        out.write(b'%d\n' % len(rows))
        for row in rows:
            put(out, row, 'utf-8')
)py";

struct PythonRead {
  std::vector<std::string> header;
  bool refused = false;
  Rows rows;  // with the header
};

class Answers {
 public:
  explicit Answers(const std::string& path) : in_(path, std::ios::binary) {}
  PythonRead next() {
    PythonRead read;
    read.header = row();
    const long rows = number();
    read.refused = rows < 0;
    for (long i = 0; i < rows; ++i) read.rows.push_back(row());
    return read;
  }
  bool good() const { return in_.good(); }

 private:
  long number() {
    long value = -1;
    in_ >> value;
    in_.ignore(1);
    return value;
  }
  std::vector<std::string> row() {
    std::vector<std::string> fields(static_cast<std::size_t>(std::max(0L, number())));
    for (auto& field : fields) {
      field.resize(static_cast<std::size_t>(std::max(0L, number())));
      in_.read(field.data(), static_cast<std::streamsize>(field.size()));
      in_.ignore(1);
    }
    return fields;
  }
  std::ifstream in_;
};

bool has_python() {
  return std::system("python3 -c '' >/dev/null 2>&1") == 0;  // NOLINT(cert-env33-c): a test
}

struct Tally {
  int same = 0;
  std::vector<std::string> refused;
};

void compare(const std::string& path, const PythonRead& python, const std::string& shown,
             Tally& tally) {
  std::vector<CsvColumn> columns;
  for (const auto& name : python.header) columns.push_back({name});
  const CsvRows ours = read_rows(path, columns);
  if (ours.refused()) {
    tally.refused.push_back(path);
    return;
  }
  ASSERT_FALSE(python.refused) << "read what Python refuses: " << shown;
  Rows expected = python.rows;
  ASSERT_FALSE(expected.empty()) << "read a header that is not there: " << shown;
  expected.erase(expected.begin());
  ASSERT_TRUE(ours.rows == expected) << "read something else than Python: " << shown;
  ++tally.same;
}

Tally compare_all(const std::vector<std::string>& paths, const TemporaryDirectory& directory,
                  std::string (*show)(const std::string& path)) {
  Tally tally;
  std::string list;
  for (const auto& path : paths) list += (list.empty() ? "" : std::string(1, '\0')) + path;
  const std::string script = directory.write("script.py", kScript);
  const std::string command = "python3 '" + script + "' '" + directory.write("list", list) + "' '" +
                              directory.file("answers") + "'";
  EXPECT_EQ(std::system(command.c_str()), 0) << command;  // NOLINT(cert-env33-c): a test
  Answers answers(directory.file("answers"));
  for (const auto& path : paths) {
    const PythonRead python = answers.next();
    if (!answers.good()) {
      ADD_FAILURE() << "Python's answers end before " << path;
      break;
    }
    compare(path, python, show(path), tally);
  }
  return tally;
}

TEST(CsvReaderDifferential, ReadsFilesAsPythonDoesOrRefusesThem) {
  const std::filesystem::path data =
      std::filesystem::path(REDKEEP_SOURCE_DIR) / "../shared/data/csv";
  if (!std::filesystem::exists(data)) GTEST_SKIP() << data << " is not there";
  if (!has_python()) GTEST_SKIP() << "python3 is not installed";
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(data)) {
    if (entry.is_regular_file()) paths.push_back(entry.path().string());
  }
  const TemporaryDirectory directory;
  const Tally tally = compare_all(paths, directory, [](const std::string& path) { return path; });
  EXPECT_GE(tally.same, 400) << "of " << paths.size() << " files: what was compared at all?";
  EXPECT_GE(tally.refused.size(), 100U);
  // These are what RFC 4180 allows, but for one with quotes in the middle of fields.
  for (const auto& path : tally.refused) {
    const bool clean = path.find("csv-spectrum/csvs/") != std::string::npos &&
                       !path.ends_with("location_coordinates.csv");
    EXPECT_FALSE(clean) << "refused: " << path;
  }
}

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(CsvReaderDifferential, ReadsRandomFilesAsPythonDoesOrRefusesThem) {
  if (!has_python()) GTEST_SKIP() << "python3 is not installed";
  constexpr unsigned kSeed = 20'261'124;
  std::mt19937 random(kSeed);
  constexpr std::string_view kAlphabet = "\"\",\r\n a";
  const TemporaryDirectory directory;
  std::vector<std::string> paths;
  for (int i = 0; i < 2000; ++i) {
    std::string text;
    for (auto left = 1 + random() % 12; left > 0; --left) {
      text += kAlphabet[random() % kAlphabet.size()];
    }
    paths.push_back(directory.write(std::to_string(i) + ".csv", text));
  }
  const Tally tally = compare_all(paths, directory, [](const std::string& path) {
    return "seed " + std::to_string(kSeed) + ": " + testing::PrintToString(contents(path));
  });
  EXPECT_GE(tally.same, 100);
  EXPECT_GE(tally.refused.size(), 100U);
}

}  // namespace
}  // namespace redkeep::recovery
