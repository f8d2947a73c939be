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

Result<RejectsFile> RejectsFile::create(const std::string& path,
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
  if (S_ISREG(found.st_mode) && found.st_size > 0) {
    return refused(path, "is there already and is not empty: move it away, or");
  }
  return RejectsFile(path, std::move(file), is_new);
}

RejectsFile::~RejectsFile() {
  if (file_ && is_new_) ::unlink(path_.c_str());
}

void RejectsFile::write(std::string_view bytes) {
  const bool is_done = std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) == bytes.size();
  if (!is_done && failure_ == 0) failure_ = errno;
}

void RejectsFile::add(const CsvReader& reader, std::string_view reason) {
  is_new_ = false;
  if (header_ != reader.header()) {
    header_ = reader.header();
    write(header_ + ",reason\n");
  }
  write(fmt::format("{},{}\n", reader.row_as_csv(), csv_field(reason)));
}

Status RejectsFile::finish() {
  if (std::fflush(file_.get()) != 0 && failure_ == 0) failure_ = errno;
  return failure_ == 0 ? Status{} : Status{not_written(path_, failure_)};
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
