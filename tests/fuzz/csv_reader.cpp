// Any bytes as a CSV file: the reader comes to an end, says where it is, and what it takes for rows
// is read again as the same rows once it is written.
#include "recovery/csv/csv_reader.h"

#include <sys/mman.h>
#include <unistd.h>

#include "content/record_rules.h"
#include "fuzz/fuzz_target.h"
#include "recovery/csv/csv_field.h"

namespace redkeep::fuzz {
namespace {

using recovery::CsvReader;

// A file in memory.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(::memfd_create("input.csv", MFD_CLOEXEC)) {
    require(descriptor_ >= 0, "there are files in memory");
  }
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }
  void assign(std::string_view bytes) {
    require(::ftruncate(descriptor_, 0) == 0, "a file can be emptied");
    const auto size = static_cast<ssize_t>(bytes.size());
    require(::pwrite(descriptor_, bytes.data(), bytes.size(), 0) == size, "a file can be written");
  }

 private:
  int descriptor_;
};

struct Read {
  std::vector<std::string> rows;  // as CSV
  bool is_clean = true;           // nothing was bad
};

Read read_all(const std::string& path, std::size_t bytes) {
  Read read;
  auto reader = CsvReader::open(path, {{"x"}, {"y", false}});
  if (!reader) {
    require(!reader.error().message.empty(), "an error has a message");
    read.is_clean = false;
    return read;
  }
  std::int64_t line = 1;
  for (std::size_t rows = 0;; ++rows) {
    require(rows <= bytes, "there are no more rows than bytes");
    const auto next = reader->next();
    if (next == CsvReader::Next::End) break;
    require(reader->line() >= line, "lines come in order");
    line = reader->line();
    if (next == CsvReader::Next::Row) {
      std::string& row = read.rows.emplace_back();
      for (const std::size_t column : {0, 1}) {
        require(content::is_utf8(reader->field(column)), "a field is text");
        if (column > 0) row += ',';
        recovery::append_csv_field(row, reader->field(column));
      }
      require(!reader->row_as_csv().empty() || row == ",", "a row can be written");
      continue;
    }
    read.is_clean = false;
    require(reader->problem().find(':') != std::string::npos, "a problem has a place");
    static_cast<void>(reader->row_as_csv());
    if (next != CsvReader::Next::Broken) continue;
    require(reader->next() == CsvReader::Next::Broken, "what is broken stays so");
    break;
  }
  return read;
}

}  // namespace

std::vector<std::string> seeds() {
  return {"x,y\n1,2\n3,4\n",
          "y,x\r\n\"a\",\"b,c\"\r\n\"d\"\"e\",\"f\ng\"\r\n",
          "\xEF\xBB\xBFx\n\"\"\n\n\"a\"\"\"\"b\"\n",
          "x,y\n\xC3\xA9t\xC3\xA9,\xE6\xBC\xA2\xE5\xAD\x97\n,\n\"\",\"\"\n",
          "x,y\n\"open,1\n2,3\n",
          "x,y\n1\n1,2,3\na\"b,c\n\"a\"b,c\n1\r2,3\n",
          "x,y",
          "x,y\n" + std::string(5000, 'a') + ",\"" + std::string(5000, '"') + "\"\n"};
}

}  // namespace redkeep::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace redkeep::fuzz;
  static MemoryFile file;
  static MemoryFile copy;
  file.assign({reinterpret_cast<const char*>(bytes), size});
  const Read read = read_all(file.path(), size + 1);
  std::string written = "x,y\n";
  for (const auto& row : read.rows) written += row + "\n";
  copy.assign(written);
  const Read again = read_all(copy.path(), written.size());
  require(again.is_clean, "what was written is read without a problem");
  require(again.rows == read.rows, "what was written is read as it was");
  return 0;
}
