#include "recovery/journal/journal_reader.h"

#include <algorithm>
#include <cerrno>
#include <fstream>

#include "error/error.h"

namespace redkeep::recovery {
namespace {

Result<std::string> read_whole(const std::string& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) return make_error(ErrorKind::Io, "cannot read {}: {}", path, system_reason(errno));
  const std::streamoff size = in.tellg();
  std::string bytes(static_cast<std::size_t>(std::max<std::streamoff>(size, 0)), '\0');
  in.seekg(0);
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  // The owner may cut a tail meanwhile.
  if (in.bad()) return make_error(ErrorKind::Io, "cannot read {}: {}", path, system_reason(errno));
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  return bytes;
}

bool is_good_at(std::string_view rest, std::size_t start, std::uint32_t crc_before) {
  const std::size_t end = rest.find('\n', start);
  if (end == std::string_view::npos) return false;
  return crc_of_line(rest.substr(start, end - start), crc_before).agrees();
}

// Whether a line may begin here: a position and a comma.
bool looks_like_a_line(std::string_view rest) {
  std::size_t digits = 0;
  while (digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9') ++digits;
  return digits > 0 && digits < 20 && digits < rest.size() && rest[digits] == ',';
}

}  // namespace

// The end of the bad line may be what is wrong, so a line is looked for behind everything that
// looks like a CRC, and not only at the beginnings of lines. A CRC that is itself what is wrong
// is made up for by the one that was reckoned.
bool has_good_line(std::string_view rest, std::uint32_t crc_before) {
  const std::size_t end = rest.find('\n');
  if (end != std::string_view::npos) {
    const auto reckoned = crc_of_line(rest.substr(0, end), crc_before).reckoned;
    if (is_good_at(rest, end + 1, reckoned)) return true;
  }
  for (std::size_t start = kCrcDigits + 1; start < rest.size(); ++start) {
    const bool begins_line = rest[start - 1] == '\n';
    const bool behind_comma = start >= kCrcDigits + 2 && rest[start - kCrcDigits - 2] == ',';
    if (!begins_line && !behind_comma) continue;
    if (!looks_like_a_line(rest.substr(start, 21))) continue;
    const auto crc = parse_crc(rest.substr(start - kCrcDigits - 1, kCrcDigits));
    if (crc && is_good_at(rest, start, *crc)) return true;
  }
  return false;
}

Result<JournalReader> JournalReader::open(const std::string& directory, std::int64_t after) {
  return open_behind(directory, after);
}

Result<JournalReader> JournalReader::open_whole(const std::string& directory) {
  return open_behind(directory, std::nullopt);
}

Result<JournalReader> JournalReader::open_behind(const std::string& directory,
                                                 std::optional<std::int64_t> after) {
  auto files = journal_files(directory);
  if (!files) return files.error();
  JournalReader reader;
  reader.files_ = std::move(*files);
  if (!reader.files_.empty()) reader.first_position_ = reader.files_.front().first_position;
  reader.after_ = after.value_or(reader.first_position_ - 1);
  if (reader.after_ + 1 < reader.first_position_) {
    return make_error(ErrorKind::Refused,
                      "the journal in {} begins at position {}, and what is asked for begins "
                      "behind {}: what is between is in a checkpoint only",
                      printable(directory), reader.first_position_, reader.after_);
  }
  while (reader.next_file_ + 1 < reader.files_.size() &&
         reader.files_[reader.next_file_ + 1].first_position <= reader.after_ + 1) {
    ++reader.next_file_;
  }
  reader.last_position_ = reader.after_;
  reader.ended_ = reader.files_.empty();
  if (!reader.ended_) {
    // An empty file still says which position comes next.
    reader.last_position_ = reader.files_[reader.next_file_].first_position - 1;
    const Status opened = reader.open_next_file();
    if (!opened) return opened.error();
  }
  return reader;
}

Status JournalReader::open_next_file() {
  const JournalFileName& file = files_[next_file_++];
  path_ = file.path;
  at_ = 0;
  auto bytes = read_whole(path_);
  if (!bytes) return bytes.error();
  bytes_ = std::move(*bytes);
  return read_heading();
}

Status JournalReader::read_heading() {
  const std::int64_t first_position = files_[next_file_ - 1].first_position;
  const std::uint32_t before = crc_;
  crc_ = 0;  // a heading begins anew
  const auto text = good_line();
  if (!text) {
    const Status judged = judge_bad_line();
    crc_ = before;
    return judged;
  }
  const auto line = parse_line(*text);
  const auto heading = line ? parse_heading(*line, first_position) : std::nullopt;
  at_ = 0;
  if (!heading) return damaged("its first line is of another file or another format");
  if (has_crc_ && *heading != before) return damaged("it does not continue the file before it");
  if (first_position <= last_position_) return damaged("it repeats positions of the file before");
  at_ = text->size() + 1;
  last_position_ = first_position - 1;
  has_crc_ = true;
  return {};
}

// The line at at_ without its LF, if it is whole and its CRC agrees; crc_ is then its CRC. The
// caller moves on.
std::optional<std::string_view> JournalReader::good_line() {
  const std::size_t end = bytes_.find('\n', at_);
  if (end == std::string::npos) return std::nullopt;
  const std::string_view line = std::string_view(bytes_).substr(at_, end - at_);
  const LineCrc crc = crc_of_line(line, crc_);
  if (!crc.agrees()) return std::nullopt;
  crc_ = crc.reckoned;
  return line;
}

Status JournalReader::judge_bad_line() {
  const std::string_view rest = std::string_view(bytes_).substr(at_);
  if (next_file_ < files_.size()) return damaged("a line is wrong or cut off");
  if (at_ == 0 && files_.size() == 1 && first_position_ > 1) {
    return damaged("its first line is wrong, and no file before it says what came before");
  }
  if (has_good_line(rest, crc_)) return damaged("a line is wrong, and good ones follow it");
  torn_ =
      TornTail{path_, files_.back().first_position, static_cast<std::int64_t>(at_),
               static_cast<std::int64_t>(rest.size()), rest.find('\n') != std::string_view::npos};
  ended_ = true;
  return {};
}

Result<std::optional<JournalLine>> JournalReader::next() {
  while (!ended_) {
    if (at_ == bytes_.size()) {
      ended_ = next_file_ == files_.size();
      if (ended_) break;
      if (const Status opened = open_next_file(); !opened) return opened.error();
      continue;
    }
    const auto text = good_line();
    if (!text) {
      if (const Status judged = judge_bad_line(); !judged) return judged.error();
      continue;
    }
    auto line = parse_line(*text);
    if (!line || line->position != last_position_ + 1) {
      return damaged("a line is whole and makes no sense here");
    }
    at_ += text->size() + 1;
    last_position_ = line->position;
    if (line->position > after_) return std::optional<JournalLine>(std::move(*line));
  }
  return std::optional<JournalLine>();
}

Error JournalReader::damaged(std::string_view what) const {
  return make_error(ErrorKind::Refused,
                    "the journal file {} is damaged at byte {}, behind position {}: {}; put a good "
                    "copy of it in its place, or move it and those after it away to go on without "
                    "what they hold",
                    printable(path_), at_, last_position_, what);
}

}  // namespace redkeep::recovery
