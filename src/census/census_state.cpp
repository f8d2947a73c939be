#include "census/census_state.h"

#include <boost/json.hpp>

#include "error/error.h"
#include "sizes/print_json.h"

namespace redkeep::census {
namespace {

namespace json = boost::json;

constexpr int kFormat = 1;

json::object detail_object(const ClassDetail& detail) {
  json::array ttl;
  for (const auto keys : detail.ttl.keys) ttl.push_back(keys);
  return {{"sized_keys", detail.sized_keys},
          {"bytes", detail.bytes},
          {"largest_bytes", detail.largest_bytes},
          {"largest_key", detail.largest_key},
          {"without_ttl", detail.ttl.without},
          {"longest_ttl_ms", detail.ttl.longest.count()},
          {"ttl", std::move(ttl)}};
}

// Throws as Boost.JSON does where a member is missing or of another kind.
ClassDetail read_detail(const json::object& object) {
  ClassDetail detail;
  detail.sized_keys = object.at("sized_keys").to_number<std::int64_t>();
  detail.bytes = object.at("bytes").to_number<std::int64_t>();
  detail.largest_bytes = object.at("largest_bytes").to_number<std::int64_t>();
  detail.largest_key = json::value_to<std::string>(object.at("largest_key"));
  detail.ttl.without = object.at("without_ttl").to_number<std::int64_t>();
  detail.ttl.longest =
      std::chrono::milliseconds{object.at("longest_ttl_ms").to_number<std::int64_t>()};
  for (std::size_t i = 0; i < detail.ttl.keys.size(); ++i) {
    detail.ttl.keys[i] = object.at("ttl").as_array().at(i).to_number<std::int64_t>();
  }
  return detail;
}

bool are_same_classes(const json::array& classes, const keys::ClassTable& table) {
  if (classes.size() != table.classes().size()) return false;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (classes[i].at("name").as_string() != table.at(i).name) return false;
  }
  return true;
}

CensusState read_state(const json::object& object, const keys::ClassTable& table) {
  CensusState state;
  state.cursor = json::value_to<std::string>(object.at("cursor"));
  Census& counted = state.counted;
  counted.took = std::chrono::milliseconds{object.at("took_ms").to_number<std::int64_t>()};
  counted.unclassified_keys = object.at("unclassified_keys").to_number<std::int64_t>();
  const auto& classes = object.at("classes").as_array();
  for (std::size_t i = 0; i < classes.size(); ++i) {
    ClassUse use;
    use.name = table.at(i).name;
    use.level = table.at(i).level;
    use.keys = classes[i].at("keys").to_number<std::int64_t>();
    const auto& bytes = classes[i].at("bytes");
    if (!bytes.is_null()) use.bytes = bytes.to_number<std::int64_t>();
    counted.classes.push_back(std::move(use));
  }
  for (const auto& detail : object.at("details").as_array()) {
    counted.details.push_back(read_detail(detail.as_object()));
  }
  return state;
}

bool is_cursor(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

std::string print_state(const CensusSubject& subject, const CensusState& state) {
  json::array classes;
  for (const auto& use : state.counted.classes) {
    json::object row{{"name", use.name}, {"keys", use.keys}, {"bytes", nullptr}};
    if (use.bytes) row["bytes"] = *use.bytes;
    classes.push_back(std::move(row));
  }
  json::array details;
  for (const auto& detail : state.counted.details) details.push_back(detail_object(detail));
  return sizes::print_json(json::object{{"redkeep_census", kFormat},
                                        {"run_id", subject.run_id},
                                        {"database", subject.database},
                                        {"prefix", printable(subject.prefix)},
                                        {"with_bytes", subject.with_bytes},
                                        {"with_ttl", subject.with_ttl},
                                        {"cursor", state.cursor},
                                        {"took_ms", state.counted.took.count()},
                                        {"unclassified_keys", state.counted.unclassified_keys},
                                        {"classes", std::move(classes)},
                                        {"details", std::move(details)}});
}

Result<CensusState> parse_state(std::string_view text, const CensusSubject& subject,
                                const keys::ClassTable& table) {
  const auto bad = [](std::string_view why) {
    return make_error(ErrorKind::InvalidInput, "not a census that was left in the middle: {}", why);
  };
  boost::system::error_code failure;
  const auto parsed = json::parse({text.data(), text.size()}, failure);
  if (failure || !parsed.is_object()) return bad("it is no JSON object");
  try {
    const auto& object = parsed.as_object();
    if (object.at("redkeep_census").to_number<int>() != kFormat) return bad("another version's");
    const CensusSubject found{json::value_to<std::string>(object.at("run_id")),
                              object.at("database").to_number<int>(),
                              json::value_to<std::string>(object.at("prefix")),
                              object.at("with_bytes").as_bool(), object.at("with_ttl").as_bool()};
    if (found.run_id != subject.run_id || subject.run_id.empty()) {
      return make_error(ErrorKind::Refused,
                        "it is of another server, or of this one before its restart, where its "
                        "cursor means nothing: remove the file to begin anew");
    }
    CensusSubject expected = subject;
    expected.prefix = printable(subject.prefix);
    if (found != expected || !are_same_classes(object.at("classes").as_array(), table)) {
      return make_error(ErrorKind::Refused,
                        "it is of another database, prefix, configuration of classes, or was begun "
                        "with or without --no-ttl: remove the file to begin anew");
    }
    auto state = read_state(object, table);
    const auto details = state.counted.details.size();
    if (!is_cursor(state.cursor) || (details != 0 && details != table.classes().size() + 1)) {
      return bad("its parts do not fit together");
    }
    return state;
  } catch (const std::exception&) {  // Boost.JSON's way of saying that a member is not as expected
    return bad("something is missing in it");
  }
}

}  // namespace redkeep::census
