#include "content/json_text.h"

#include <boost/json/basic_parser_impl.hpp>

#include "error/error.h"

namespace redkeep::content {
namespace {

namespace json = boost::json;
using boost::system::error_code;

constexpr std::size_t kMostJsonLevels = 64;

// Boost.JSON's event handler. Collecting costs nothing where nothing is collected.
template <bool kCollects>
class Events {
 public:
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);

  explicit Events(std::string* text) : text_(text) {}

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return enter(true); }
  bool on_object_end(std::size_t, error_code&) { return leave(); }
  bool on_array_begin(error_code&) { return enter(false); }
  bool on_array_end(std::size_t, error_code&) { return leave(); }
  bool on_key_part(json::string_view part, std::size_t, error_code&) {
    if (kCollects && level_ == 1) key_.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, std::size_t, error_code&) {
    if (kCollects && level_ == 1) {
      key_.append(part.data(), part.size());
      searched_ = key_ == "title" || key_ == "description" || key_ == "content";
      key_.clear();
    }
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t so_far, error_code&) {
    return collect(part, so_far == part.size());
  }
  bool on_string(json::string_view part, std::size_t so_far, error_code&) {
    return collect(part, so_far == part.size());
  }
  bool on_number_part(json::string_view, error_code&) { return scalar(); }
  bool on_int64(std::int64_t, json::string_view, error_code&) { return scalar(); }
  bool on_uint64(std::uint64_t, json::string_view, error_code&) { return scalar(); }
  bool on_double(double, json::string_view, error_code&) { return scalar(); }
  bool on_bool(bool, error_code&) { return scalar(); }
  bool on_null(error_code&) { return scalar(); }
  bool on_comment_part(json::string_view, error_code&) { return true; }
  bool on_comment(json::string_view, error_code&) { return true; }

  bool is_object() const { return is_object_; }

 private:
  bool enter(bool object) {
    if (level_++ == 0) is_object_ = object;
    return true;
  }
  bool leave() {
    --level_;
    return true;
  }
  bool scalar() const { return true; }
  bool collect(json::string_view part, bool first) {
    if (kCollects && level_ == 1 && searched_) {
      if (first) *text_ += '\n';
      text_->append(part.data(), part.size());
    }
    return true;
  }

  std::string* text_;
  std::string key_;
  int level_ = 0;
  bool is_object_ = false;
  bool searched_ = false;
};

template <bool kCollects>
std::optional<std::string> parse(std::string_view data, std::string* text) {
  json::parse_options options;
  options.max_depth = kMostJsonLevels;
  options.allow_invalid_utf8 = kCollects;  // what is collected from was checked before
  json::basic_parser<Events<kCollects>> parser(options, text);
  error_code code;
  const std::size_t used = parser.write_some(false, data.data(), data.size(), code);
  if (code) return fmt::format("{} at byte {}", code.message(), used + 1);
  if (used != data.size()) return fmt::format("something follows it at byte {}", used + 1);
  if (!parser.handler().is_object()) return "it begins with something else than {";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> json_object_fault(std::string_view data) {
  return parse<false>(data, nullptr);
}

bool append_searched_text(std::string_view data, std::string& text) {
  return !parse<true>(data, &text);
}

}  // namespace redkeep::content
