#include "recovery/csv/csv_writer.h"

#include <fcntl.h>

#include "recovery/csv/csv_field.h"

namespace redkeep::recovery {
namespace {

// Large enough that the calls do not count.
constexpr std::size_t kWriteBlockBytes = std::size_t{256} << 10;

void append_row(std::string& out, std::initializer_list<std::string_view> fields) {
  bool is_first = true;
  for (const std::string_view field : fields) {
    if (!is_first) out += ',';
    append_csv_field(out, field);
    is_first = false;
  }
  out += '\n';
}

}  // namespace

Result<CsvWriter> CsvWriter::create(Disk& disk, std::string path,
                                    std::initializer_list<std::string_view> header) {
  auto file = OutputFile::open(disk, std::move(path), O_CREAT | O_EXCL);
  if (!file) return file.error();
  CsvWriter writer(std::move(*file));
  append_row(writer.block_, header);
  return writer;
}

Status CsvWriter::add(std::initializer_list<std::string_view> fields) {
  append_row(block_, fields);
  ++rows_;
  return block_.size() < kWriteBlockBytes ? Status{} : flush();
}

Status CsvWriter::flush() {
  checksum_.add(block_);
  bytes_ += static_cast<std::int64_t>(block_.size());
  const Status written = file_.write(block_);
  block_.clear();
  return written;
}

Status CsvWriter::finish() {
  if (const Status written = flush(); !written) return written;
  if (const Status synced = file_.sync(); !synced) return synced;
  return file_.close();
}

}  // namespace redkeep::recovery
