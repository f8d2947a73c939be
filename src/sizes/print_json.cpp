#include "sizes/print_json.h"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>

namespace redkeep::sizes {
namespace {

namespace json = boost::json;

void print(const json::value& value, std::string& out) {
  if (const auto* object = value.if_object()) {
    out += '{';
    for (const auto& member : *object) {
      if (out.back() != '{') out += ',';
      out += json::serialize(member.key());
      out += ':';
      print(member.value(), out);
    }
    out += '}';
  } else if (const auto* array = value.if_array()) {
    out += '[';
    for (const auto& element : *array) {
      if (out.back() != '[') out += ',';
      print(element, out);
    }
    out += ']';
  } else if (const auto* number = value.if_double()) {
    out += fmt::format("{}", *number);
  } else {
    out += json::serialize(value);
  }
}

}  // namespace

std::string print_json(const json::value& value) {
  std::string out;
  print(value, out);
  return out;
}

}  // namespace redkeep::sizes
