#include "recovery/journal/journal_writer.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "error/error.h"

namespace redkeep::recovery {
namespace {

// A block that was large once is not kept.
constexpr std::size_t kMostKeptBytes = std::size_t{1} << 20;

Result<std::string> bytes_behind(const std::string& path, std::int64_t offset) {
  std::ifstream in(path, std::ios::binary);
  in.seekg(offset);
  std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (in.bad()) return make_error(ErrorKind::Io, "cannot read {}", printable(path));
  return bytes;
}

}  // namespace

std::optional<std::int64_t> voided_by(const JournalLine& line) {
  if (line.operation != kVoid || line.fields.size() != 1) return std::nullopt;
  std::int64_t position = 0;
  const std::string& text = line.fields.front();
  std::from_chars(text.data(), text.data() + text.size(), position);
  return position;
}

JournalLine void_line(std::int64_t position) {
  return {0, std::string(kVoid), {std::to_string(position)}};
}

std::string describe_cut(const TornTail& tail) {
  if (tail.is_damaged) {
    return fmt::format(
        "{0} ends in a damaged line: from byte {1} on, {2} bytes that have an end of a line and a "
        "wrong CRC were cut off and kept aside as {0}.{1}.torn; unlike a line that was being "
        "written, what they said may have been acknowledged: look into that file, and store again "
        "what is missing",
        tail.path, tail.offset, tail.bytes);
  }
  if (tail.offset > 0) {
    return fmt::format("{} ended within a line: {} bytes at byte {} were cut off and kept aside",
                       tail.path, tail.bytes, tail.offset);
  }
  const std::string_view removed =
      "as a file is that was being begun when its writer or the machine failed: it was removed";
  if (tail.bytes == 0) return fmt::format("{} was empty, {}", tail.path, removed);
  return fmt::format("{} had no whole line, {}, and its {} bytes are kept aside", tail.path,
                     removed, tail.bytes);
}

Result<JournalWriter> JournalWriter::open(Disk& disk, std::string directory, JournalLimits limits,
                                          std::int64_t taken) {
  JournalWriter writer(disk, std::move(directory), limits);
  std::error_code code;
  if (!std::filesystem::is_directory(writer.directory_, code)) {
    if (const Status made = make_directory(disk, writer.directory_); !made) return made.error();
    const std::string parent = std::filesystem::path(writer.directory_).parent_path().string();
    if (const Status kept = sync_directory(disk, parent); !kept) return kept.error();
  }
  if (const Status read = writer.read_without_tail(); !read) return read.error();
  writer.found_up_to_ = writer.last_position_;
  Status opened = writer.files_.empty()
                      ? writer.begin_file(std::max(writer.last_position_, taken) + 1)
                      : writer.open_last_file();
  if (opened && writer.last_position_ < taken) {
    opened = writer.begin_file(taken + 1);
    if (opened) opened = writer.remove_files_up_to(taken);
  }
  if (!opened) return opened.error();
  return writer;
}

// What is left after a cut is read again: a file may have gone whole.
Status JournalWriter::read_without_tail() {
  std::optional<TornTail> tail;
  while (true) {
    if (const Status read = read_all(); !read) return read;
    if (!torn_) break;
    if (const Status cut = cut_tail(*torn_); !cut) return cut;
    tail = torn_;
  }
  torn_ = tail;
  return {};
}

Status JournalWriter::read_all() {
  auto reader = JournalReader::open_whole(directory_);
  if (!reader) return reader.error();
  while (true) {
    const auto line = reader->next();
    if (!line) return line.error();
    if (!*line) break;
    if (const auto position = voided_by(**line)) voided_.insert(*position);
  }
  files_ = reader->files();
  torn_ = reader->torn_tail();
  last_position_ = reader->last_position();
  crc_ = reader->last_crc();
  file_bytes_ = reader->last_file_bytes();
  return {};
}

// The copy is on the disk before the tail goes, so that whatever it was can be looked at.
Status JournalWriter::cut_tail(const TornTail& tail) {
  if (tail.bytes > 0) {
    if (const Status kept = keep_aside(tail); !kept) return kept;
  }
  if (tail.offset == 0) {
    if (const Status removed = remove_file(*disk_, tail.path); !removed) return removed;
    return sync_directory(*disk_, directory_);
  }
  auto file = OutputFile::open(*disk_, tail.path, 0);
  if (!file) return file.error();
  if (const Status cut = file->truncate(tail.offset); !cut) return cut;
  if (const Status synced = file->sync(); !synced) return synced;
  return file->close();
}

Status JournalWriter::keep_aside(const TornTail& tail) {
  const auto bytes = bytes_behind(tail.path, tail.offset);
  if (!bytes) return bytes.error();
  auto copy = OutputFile::open(*disk_, fmt::format("{}.{}.torn", tail.path, tail.offset),
                               O_CREAT | O_TRUNC);
  if (!copy) return copy.error();
  if (const Status written = copy->write(*bytes); !written) return written;
  if (const Status synced = copy->sync(); !synced) return synced;
  if (const Status closed = copy->close(); !closed) return closed;
  return sync_directory(*disk_, directory_);
}

Status JournalWriter::open_last_file() {
  auto file = OutputFile::open(*disk_, files_.back().path, O_APPEND);
  if (!file) return file.error();
  // What was read may be in the kernel's hands only, after a kill.
  if (const Status synced = file->sync(); !synced) return synced;
  file_.emplace(std::move(*file));
  return {};
}

// Until the new file is whole, the old one goes on: what fails here is removed again.
Status JournalWriter::begin_file(std::int64_t first_position) {
  const std::string path = journal_file_path(directory_, first_position);
  auto file = OutputFile::open(*disk_, path, O_CREAT | O_TRUNC | O_APPEND);
  if (!file) return file.error();
  std::uint32_t crc = 0;
  std::int64_t bytes = 0;
  Status begun = write_heading(*file, first_position, crc, bytes);
  if (begun) begun = sync_directory(*disk_, directory_);
  if (!begun) {
    Status removed = remove_file(*disk_, path);
    if (removed) removed = sync_directory(*disk_, directory_);
    return removed ? begun : stop(removed.error());
  }
  if (file_) std::swap(*file_, *file);
  if (!file_) file_.emplace(std::move(*file));
  files_.push_back({path, first_position});
  file_bytes_ = bytes;
  crc_ = crc;
  last_position_ = first_position - 1;
  return {};
}

Status JournalWriter::write_heading(OutputFile& file, std::int64_t first_position,
                                    std::uint32_t& crc, std::int64_t& bytes) {
  // Lines of the file before that were never synced must not be missing where others follow.
  if (file_ && limits_.durability == Durability::Os) {
    if (const Status synced = file_->sync(); !synced) return stop(synced.error());
  }
  std::string heading;
  crc = append_line(heading, journal_heading(first_position, crc_), 0);
  bytes = std::ssize(heading);
  if (const Status written = file.write(heading); !written) return written;
  return file.sync();
}

std::uint32_t JournalWriter::encode(std::span<JournalLine> lines) {
  block_.clear();
  std::uint32_t crc = crc_;
  for (const auto& line : lines) crc = append_line(block_, line, crc);
  return crc;
}

Status JournalWriter::append(std::span<JournalLine> lines) {
  if (stopped_) return *stopped_;
  if (lines.empty()) return {};
  std::int64_t position = last_position_;
  for (auto& line : lines) line.position = ++position;
  std::uint32_t crc = encode(lines);
  const bool is_begun = last_position_ >= files_.back().first_position;
  if (is_begun && file_bytes_ + std::ssize(block_) > limits_.most_file_bytes) {
    if (const Status begun = begin_file(last_position_ + 1); !begun) return begun;
    crc = encode(lines);
  }
  if (file_bytes_ + std::ssize(block_) > limits_.most_file_bytes) {
    return make_error(ErrorKind::InvalidInput,
                      "{} bytes are too many for one file of the journal, which holds {}",
                      block_.size(), limits_.most_file_bytes);
  }
  if (const Status stored = put(crc); !stored) return stored;
  last_position_ = position;
  for (const auto& line : lines) {
    if (const auto taken_back = voided_by(line)) voided_.insert(*taken_back);
  }
  if (block_.capacity() > kMostKeptBytes) std::string().swap(block_);
  return {};
}

Status JournalWriter::put(std::uint32_t crc) {
  if (const Status written = file_->write(block_); !written) return take_back(written.error());
  if (limits_.durability == Durability::Fsync) {
    if (const Status synced = file_->sync(); !synced) {
      // So that whoever opens it next does not take for safe what the kernel may have dropped.
      static_cast<void>(file_->truncate(file_bytes_));
      return stop(synced.error());
    }
  }
  file_bytes_ += std::ssize(block_);
  crc_ = crc;
  if (const Status there = check_file(); !there) return stop(there.error());
  return {};
}

Status JournalWriter::take_back(const Error& failure) {
  if (const Status cut = file_->truncate(file_bytes_); !cut) return stop(cut.error());
  if (const Status synced = file_->sync(); !synced) return stop(synced.error());
  if (const Status there = check_file(); !there) return stop(there.error());
  return within("nothing was stored; see to the disk, then repeat the call", failure);
}

// A file that was removed takes writes, and gives them to nobody.
Status JournalWriter::check_file() const {
  struct stat status {};
  if (::fstat(file_->descriptor(), &status) != 0) {
    return make_error(ErrorKind::Io, "cannot look at {}: {}", file_->path(), system_reason(errno));
  }
  if (status.st_nlink == 0) {
    return make_error(ErrorKind::Io, "{} was removed while it was written", file_->path());
  }
  if (status.st_size == file_bytes_) return {};
  return make_error(ErrorKind::Io, "{} has {} bytes and should have {}: somebody else writes to it",
                    file_->path(), static_cast<std::int64_t>(status.st_size), file_bytes_);
}

Error JournalWriter::stop(const Error& failure) {
  if (!stopped_) {
    stopped_ = make_error(ErrorKind::Io,
                          "the journal has stopped, and nothing is acknowledged until it is opened "
                          "anew: {}; see to the disk, then restart",
                          failure.message);
  }
  return *stopped_;
}

Status JournalWriter::leave_out_until(std::int64_t position) {
  if (stopped_) return *stopped_;
  return begin_file(position);
}

Status JournalWriter::begin_next_file(std::int64_t position) {
  if (stopped_) return *stopped_;
  if (std::min(position, last_position_) < files_.back().first_position) return {};
  return begin_file(last_position_ + 1);
}

Status JournalWriter::remove_files_up_to(std::int64_t position) {
  bool removed_any = false;
  while (files_.size() > 1 && files_[1].first_position <= position + 1) {
    if (const Status removed = remove_file(*disk_, files_.front().path); !removed) return removed;
    files_.erase(files_.begin());
    removed_any = true;
  }
  voided_.erase(voided_.begin(), voided_.lower_bound(first_position()));
  return removed_any ? sync_directory(*disk_, directory_) : Status{};
}

}  // namespace redkeep::recovery
