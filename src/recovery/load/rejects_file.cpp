#include "recovery/load/rejects_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>

#include "error/error.h"
#include "recovery/csv/csv_field.h"

namespace redkeep::recovery {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 3> kContentFiles{"entities.csv", "associations.csv",
                                                        "search_index.csv"};

Error refused(const std::string& path, std::string_view why) {
  return make_error(ErrorKind::Refused, "the rejects file {} {} name another one with --rejects",
                    printable(path), why);
}

Error not_written(const std::string& path, int error_number) {
  return make_error(ErrorKind::Io, "the rejects file {} cannot be written: {}", printable(path),
                    system_reason(error_number));
}

// In quotes whatever it holds.
std::string quoted_csv_field(std::string_view text) {
  std::string field = csv_field(text);
  return field.starts_with('"') ? field : '"' + field + '"';
}

// By what the paths lead to: through links, and by another name of the directory too.
bool is_content_file(const std::string& path, const std::string& directory) {
  std::error_code failure;
  const fs::path real = fs::weakly_canonical(fs::absolute(path, failure), failure);
  for (const auto name : kContentFiles) {
    const fs::path file = fs::path(directory) / name;
    if (fs::equivalent(path, file, failure)) return true;
    const fs::path real_file = fs::weakly_canonical(fs::absolute(file, failure), failure);
    if (!real.empty() && real == real_file) return true;
  }
  return false;
}

}  // namespace

std::string rejects_path(const std::string& path, std::string_view content_file) {
  if (content_file == kContentFiles[0]) return path;
  const fs::path whole(path);
  const fs::path of_which = fs::path(content_file).stem();
  return (whole.parent_path() / whole.stem()).string() + "-" + of_which.string() +
         whole.extension().string();
}

std::string name_rejects(const std::string& path) {
  std::string names;
  for (const auto content_file : kContentFiles) {
    const std::string one = rejects_path(path, content_file);
    std::error_code failure;
    const bool is_empty = fs::is_regular_file(one, failure) && fs::file_size(one, failure) == 0;
    if (!fs::exists(one, failure) || is_empty) continue;
    names += (names.empty() ? "" : " and ") + printable(one);
  }
  return names;
}

Result<RejectsFile::Part> RejectsFile::Part::create(const std::string& path,
                                                    const std::string& content_directory) {
  if (is_content_file(path, content_directory)) {
    return refused(path, "would take the place of a file of the content directory:");
  }
  constexpr int kFlags = O_WRONLY | O_CLOEXEC;
  constexpr mode_t kForAll = 0666;  // less the umask
  int descriptor = ::open(path.c_str(), kFlags | O_CREAT | O_EXCL, kForAll);
  const bool is_new = descriptor >= 0;
  if (!is_new && errno == EEXIST) descriptor = ::open(path.c_str(), kFlags);
  if (descriptor < 0) return not_written(path, errno);
  std::unique_ptr<std::FILE, Close> file(::fdopen(descriptor, "w"));
  if (!file) {
    const int error_number = errno;
    ::close(descriptor);
    return not_written(path, error_number);
  }
  struct stat found {};
  if (::fstat(descriptor, &found) != 0) return not_written(path, errno);
  const bool is_regular = S_ISREG(found.st_mode);
  if (is_regular && found.st_size > 0) {
    return refused(path, "is there already and is not empty: move it away, or");
  }
  return Part(path, std::move(file), is_new, is_regular);
}

RejectsFile::Part::~Part() {
  if (file_ && is_new_) ::unlink(path_.c_str());
}

void RejectsFile::Part::write(std::string_view bytes) {
  const bool is_done = std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) == bytes.size();
  if (!is_done && failure_ == 0) failure_ = errno;
}

void RejectsFile::Part::add(const CsvReader& reader, std::string_view reason) {
  is_new_ = false;
  if (header_ != reader.header()) {
    header_ = reader.header();
    write(header_ + ",reason\n");
  }
  std::string row = reader.row_as_csv();
  if (!reader.row_fits_header()) {
    row = quoted_csv_field(row) + std::string(reader.header_fields() - 1, ',');
  }
  write(fmt::format("{},{}\n", row, csv_field(reason)));
}

Status RejectsFile::Part::finish() {
  if (std::fflush(file_.get()) != 0 && failure_ == 0) failure_ = errno;
  return failure_ == 0 ? Status{} : Status{not_written(path_, failure_)};
}

Result<RejectsFile> RejectsFile::create(const std::string& path,
                                        const std::string& content_directory) {
  RejectsFile file;
  for (const auto content_file : kContentFiles) {
    auto part = Part::create(rejects_path(path, content_file), content_directory);
    if (!part) return part.error();
    const bool is_regular = part->is_regular();
    file.parts_.push_back(std::move(*part));
    if (!is_regular) break;
  }
  return file;
}

void RejectsFile::add(const CsvReader& reader, std::string_view reason) {
  std::size_t place = 0;
  for (std::size_t i = 1; i < parts_.size(); ++i) {
    if (reader.name() == kContentFiles[i]) place = i;
  }
  parts_[place].add(reader, reason);
}

Status RejectsFile::finish() {
  for (Part& part : parts_) {
    if (const Status done = part.finish(); !done) return done;
  }
  return {};
}

RejectReasons::RejectReasons(const std::vector<std::string>& problems) {
  for (const std::string& problem : problems) {
    const auto line = problem.find(':');
    if (line == std::string::npos) continue;
    const auto column = problem.find(':', line + 1);
    by_line_.emplace(std::string_view(problem).substr(0, column), problem);
  }
}

std::string RejectReasons::of(const CsvReader& reader) const {
  const auto found = by_line_.find(fmt::format("{}:{}", reader.name(), reader.line()));
  if (found != by_line_.end()) return std::string(found->second);
  const std::string_view what =
      reader.name() == kContentFiles[0]
          ? "its id, or its semantic name for this type, is there already in another row"
      : reader.name() == kContentFiles[1]
          ? "its path is there twice, one of its ids is no entity's, its child has another "
            "containing parent, or it closes a cycle"
          : "its word is there twice, or one of its ids is there twice or is no entity's";
  return reader.problem_at(0, what);
}

}  // namespace redkeep::recovery
