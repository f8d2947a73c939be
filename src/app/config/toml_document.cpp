#include "app/config/toml_document.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "error/error.h"

namespace redkeep::app {
namespace {

constexpr std::size_t kMostFileBytes = 1 << 20;
constexpr std::size_t kMostErrors = 20;

struct OpenFile {
  explicit OpenFile(int opened) : number(opened) {}
  ~OpenFile() {
    if (number >= 0) ::close(number);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int number;
};

struct TomlLine {
  std::size_t begin;
  std::size_t end;
};

TomlLine line_of(std::string_view text, std::size_t number) {
  std::size_t begin = 0;
  while (--number > 0) begin = text.find('\n', begin) + 1;
  return {begin, std::min(text.find('\n', begin), text.size())};
}

bool is_toml(std::string_view text) {
  try {
    static_cast<void>(toml::parse(text));
    return true;
  } catch (const toml::parse_error&) {
    return false;
  }
}

// `start_shedding = 85%` is the mistake that everybody makes once.
std::string_view hint_for(std::string_view line) {
  const auto equals = line.find('=');
  if (equals == std::string_view::npos) return "";
  const auto value = line.find_first_not_of(" \t", equals + 1);
  if (value == std::string_view::npos) return "";
  const bool is_bare = std::string_view("\"'[{#").find(line[value]) == std::string_view::npos;
  return is_bare ? "; values are texts in quotes, such as \"85%\"" : "";
}

}  // namespace

Result<std::string> read_text_file(const std::string& path) {
  const auto refused = [&](std::string_view why) {
    return make_error(ErrorKind::InvalidInput, "the configuration file {} cannot be read: {}",
                      printable(path), why);
  };
  if (path.empty()) return refused("its name is empty");
  // Without waiting: a pipe that nobody writes to must not hang.
  const OpenFile file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.number < 0) return refused(system_reason(errno));
  struct stat status {};
  if (::fstat(file.number, &status) != 0) return refused(system_reason(errno));
  if (!S_ISREG(status.st_mode)) return refused("it is no regular file");
  std::string text(kMostFileBytes + 1, '\0');
  std::size_t size = 0;
  for (;;) {
    const ssize_t got = ::read(file.number, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refused(system_reason(errno));
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kMostFileBytes) return refused("it is larger than 1 MiB");
  text.resize(size);
  return text;
}

TomlDocument parse_document(std::string text) {
  TomlDocument document;
  while (document.errors.size() < kMostErrors) {
    try {
      document.root = toml::parse(std::string_view(text));
      return document;
    } catch (const toml::parse_error& failure) {
      const auto where = failure.source().begin;
      const TomlLine line = line_of(text, std::max(where.line, toml::source_index{1}));
      const std::string_view shown =
          std::string_view(text).substr(line.begin, line.end - line.begin);
      document.errors.push_back(
          {where, fmt::format("{}{}", failure.description(), hint_for(shown))});
      // Whether the fault lies in this line: what is above it is TOML.
      if (shown.find('=') == std::string_view::npos ||
          !is_toml(std::string_view(text).substr(0, line.begin))) {
        return document;
      }
      std::fill_n(text.begin() + static_cast<std::ptrdiff_t>(line.begin), shown.size(), ' ');
    }
  }
  return document;
}

}  // namespace redkeep::app
