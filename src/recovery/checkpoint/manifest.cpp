// Design: JSON, because people and other programs look into it; but it is our own file, and so it
// is taken only if it is byte for byte what we would write. That finds what a parser lets through
// (a key that is there twice, a comment, a changed number), and the checksum finds the rest.
#include "recovery/checkpoint/manifest.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <cstdlib>
#include <fstream>

#include "error/error.h"
#include "recovery/disk/checksum.h"

namespace redkeep::recovery {
namespace {

namespace json = boost::json;

constexpr std::int64_t kFormat = 1;
// Three hundred times what one takes.
constexpr std::size_t kMostBytes = std::size_t{256} << 10;

// By its seconds: as a time of the system's clock, in nanoseconds, most years would not fit.
std::string time_text(std::chrono::sys_seconds time) {
  return fmt::format("{:%FT%TZ}", fmt::gmtime(std::time_t{time.time_since_epoch().count()}));
}

// The reverse, for times as above only: the text is compared with what was read.
std::chrono::sys_seconds time_of(const std::string& text) {
  std::tm parts{};
  if (::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts) == nullptr) return {};
  return std::chrono::sys_seconds(std::chrono::seconds{::timegm(&parts)});
}

bool is_checksum(std::string_view text) {
  return text.size() == 16 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string body_text(const Manifest& manifest) {
  std::string text = fmt::format(
      "{{\n  \"redkeep_checkpoint\": {},\n  \"written_at\": \"{}\",\n  \"position\": {},\n"
      "  \"files\": [\n",
      kFormat, time_text(manifest.written_at),
      manifest.position ? std::to_string(*manifest.position) : "null");
  for (std::size_t i = 0; i < manifest.files.size(); ++i) {
    const ManifestFile& file = manifest.files[i];
    text += fmt::format(
        "    {{\"name\": \"{}\", \"rows\": {}, \"bytes\": {}, \"checksum\": \"{}\"}}{}\n",
        file.name, file.rows, file.bytes, file.checksum, i + 1 < manifest.files.size() ? "," : "");
  }
  return text + "  ],\n";
}

// What is asked of an object that has not got it is an error with the object's place.
class Members {
 public:
  Members(const json::value& value, std::string where) : where_(std::move(where)) {
    if (value.is_object()) {
      object_ = &value.get_object();
    } else {
      fail("is not an object");
    }
  }

  std::int64_t number(std::string_view name, bool may_be_null = false) {
    const json::value* value = find(name);
    if (value == nullptr || (may_be_null && value->is_null())) return 0;
    if (value->is_int64() && value->get_int64() >= 0) return value->get_int64();
    fail(fmt::format("\"{}\" is not a whole number from 0", name));
    return 0;
  }
  std::string text(std::string_view name) {
    const json::value* value = find(name);
    if (value == nullptr) return {};
    if (value->is_string()) return std::string(value->get_string());
    fail(fmt::format("\"{}\" is not a text", name));
    return {};
  }
  const json::array* list(std::string_view name) {
    const json::value* value = find(name);
    if (value == nullptr) return nullptr;
    if (value->is_array()) return &value->get_array();
    fail(fmt::format("\"{}\" is not a list", name));
    return nullptr;
  }
  bool is_null(std::string_view name) {
    const json::value* value = find(name);
    return value != nullptr && value->is_null();
  }
  void fail(std::string_view what) { adopt(fmt::format("{} {}", where_, what)); }
  void adopt(const std::string& fault) {
    if (fault_.empty()) fault_ = fault;
  }
  const std::string& fault() const { return fault_; }

 private:
  const json::value* find(std::string_view name) {
    const json::value* value = object_ == nullptr ? nullptr : object_->if_contains(name);
    if (value == nullptr) fail(fmt::format("has no \"{}\"", name));
    return value;
  }

  const json::object* object_ = nullptr;
  std::string where_;
  std::string fault_;
};

// The first fault of a file's entry; empty if there is none.
std::string take_file(const json::value& value, std::size_t place, Manifest& manifest) {
  Members entry(value, fmt::format("entry {} of \"files\"", place + 1));
  ManifestFile file{entry.text("name"), entry.number("rows"), entry.number("bytes"),
                    entry.text("checksum")};
  if (place >= kCheckpointFiles.size() || file.name != kCheckpointFiles[place]) {
    entry.fail(fmt::format("has the unexpected name \"{}\"", printable(file.name, 80)));
  }
  if (!is_checksum(file.checksum)) entry.fail("has a checksum that is not 16 digits");
  manifest.files.push_back(std::move(file));
  return entry.fault();
}

std::size_t first_different_line(std::string_view one, std::string_view other) {
  const auto ends = std::mismatch(one.begin(), one.end(), other.begin(), other.end());
  return 1 + static_cast<std::size_t>(std::count(one.begin(), ends.first, '\n'));
}

Error damaged_manifest(const std::string& shown_name, std::string_view what) {
  return make_error(ErrorKind::Io, "{}: {}: it was changed or damaged", shown_name, what);
}

}  // namespace

std::string print_manifest(const Manifest& manifest) {
  std::string text = body_text(manifest);
  Checksum checksum;
  checksum.add(text);
  return text + fmt::format("  \"checksum\": \"{}\"\n}}\n", checksum.text());
}

Result<Manifest> parse_manifest(std::string_view text, const std::string& shown_name) {
  json::error_code failure;
  json::parse_options strict;
  strict.max_depth = 4;
  const json::value parsed = json::parse(text, failure, {}, strict);
  if (failure)
    return damaged_manifest(shown_name, fmt::format("is no JSON ({})", failure.message()));
  Members top(parsed, "it");
  const std::int64_t format = top.number("redkeep_checkpoint");
  if (top.fault().empty() && format != kFormat) {
    return make_error(ErrorKind::InvalidInput,
                      "{}: has the format {}, and this redkeep reads {}: use the one that wrote it",
                      shown_name, format, kFormat);
  }
  Manifest manifest;
  manifest.written_at = time_of(top.text("written_at"));
  const std::int64_t position = top.number("position", true);
  if (!top.is_null("position")) manifest.position = position;
  const json::array* files = top.list("files");
  for (std::size_t i = 0; files != nullptr && i < files->size(); ++i) {
    top.adopt(take_file((*files)[i], i, manifest));
  }
  if (manifest.files.size() < kCheckpointFiles.size()) top.fail("does not name all files");
  if (!top.fault().empty()) return damaged_manifest(shown_name, top.fault());
  const std::string expected = print_manifest(manifest);
  if (expected == text) return manifest;
  return damaged_manifest(shown_name, fmt::format("line {} is not as it was written",
                                                  first_different_line(text, expected)));
}

Result<Manifest> read_manifest(const std::string& directory) {
  const std::string path = directory + "/" + std::string(kManifestName);
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    const int reason = errno;
    const bool is_none = reason == ENOENT || reason == ENOTDIR;
    return make_error(is_none ? ErrorKind::NotFound : ErrorKind::Io, "cannot read {}: {}", path,
                      system_reason(reason));
  }
  std::string text(kMostBytes, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return make_error(ErrorKind::Io, "cannot read {}: {}", path, system_reason(errno));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return parse_manifest(text, path);
}

}  // namespace redkeep::recovery
