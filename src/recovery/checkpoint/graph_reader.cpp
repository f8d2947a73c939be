#include "recovery/checkpoint/graph_reader.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>

#include "content/record_rules.h"
#include "error/error.h"
#include "keys/class_table.h"
#include "keys/keyspace_walk.h"
#include "recovery/csv/csv_reader.h"

namespace redkeep::recovery {
namespace {

constexpr std::chrono::seconds kReadDeadline{30};
constexpr std::size_t kReadPageKeys = 1000;
// The server holds the replies to two windows for us: that many records at most, and about so many
// bytes, by what the last window took.
constexpr std::size_t kWindows = 2;
constexpr std::size_t kMostWindowRecords = 128;
constexpr std::size_t kReadWindowBytes = std::size_t{512} << 10;

// The names of the fields, and where they go.
struct EntityField {
  std::string_view name;
  std::string_view content::EntityView::*member;
};
constexpr std::array<EntityField, 6> kEntityFields{{
    {"type", &content::EntityView::type},
    {"data", &content::EntityView::data},
    {"semantic_name", &content::EntityView::semantic_name},
    {"created_by", &content::EntityView::created_by},
    {"created_at", &content::EntityView::created_at},
    {"updated_at", &content::EntityView::updated_at},
}};
struct AssociationField {
  std::string_view name;
  std::string_view content::AssociationView::*member;
};
constexpr std::array<AssociationField, 4> kAssociationFields{{
    {"parent_id", &content::AssociationView::parent_id},
    {"child_id", &content::AssociationView::child_id},
    {"type", &content::AssociationView::type},
    {"weight", &content::AssociationView::weight},
}};
// Of an entity: what follows from associations, and what the journal keeps.
constexpr std::array<std::string_view, 2> kDerivedFields{"path", "version"};

bool is_wrong_type_error(const redis::Reply& reply) {
  return reply.is_error() && reply.text.starts_with("WRONGTYPE");
}

std::size_t reply_bytes(const redis::Reply& reply) {
  std::size_t bytes = reply.text.size();
  for (const auto& element : reply.elements) bytes += element.text.size();
  return bytes;
}

// What the rules for records take for granted of texts, because a CSV file has it.
std::string text_fault(std::string_view field, std::string_view text) {
  if (!content::is_utf8(text)) {
    return fmt::format("{} is not UTF-8 or has a NUL at byte {}", field,
                       1 + content::utf8_bytes(text));
  }
  const auto quotes = static_cast<std::size_t>(std::count(text.begin(), text.end(), '"'));
  if (text.size() + quotes + 2 <= CsvReader::kMaxFieldBytes) return {};
  return fmt::format("{} takes more than the {} MiB of a CSV field", field,
                     CsvReader::kMaxFieldBytes >> 20);
}

template <class Record, class Fields>
std::string record_fault(const Record& record, const Fields& fields) {
  for (const auto& field : fields) {
    auto fault = text_fault(field.name, record.*field.member);
    if (!fault.empty()) return fault;
  }
  const auto fault = content::find_fault(record);
  return fault ? fmt::format("{} {}", fault->field, fault->reason) : std::string();
}

template <class Record, class Fields>
bool set_field(Record& record, const Fields& fields, std::string_view name,
               std::string_view value) {
  for (const auto& field : fields) {
    if (field.name != name) continue;
    record.*field.member = value;
    return true;
  }
  return false;
}

}  // namespace

GraphReader::GraphReader(std::shared_ptr<redis::Connection> connection,
                         const keys::KeySchema& schema, std::stop_token stop,
                         std::function<void(const ReadProgress&)> progress)
    : connection_(std::move(connection)),
      schema_(schema),
      stop_(std::move(stop)),
      progress_(std::move(progress)),
      entity_prefix_(schema.prefix() + "entity:"),
      association_prefix_(schema.prefix() + "assoc:") {}

redis::awaitable<Status> GraphReader::run(RecordSink& sink) {
  constexpr Kind kEntity{2, &GraphReader::ask_entity, &GraphReader::take_entity};
  constexpr Kind kAssociation{1, &GraphReader::ask_association, &GraphReader::take_association};
  if (const Status done = co_await collect_names(); !done) co_return done;
  if (const Status done = co_await read_each(entities_, kEntity, sink); !done) co_return done;
  co_return co_await read_each(associations_, kAssociation, sink);
}

redis::awaitable<Status> GraphReader::collect_names() {
  // One walk for both: of our keys, entity:... and assoc:... (and few others) are like this.
  keys::KeyspaceWalk walk(keys::escape_glob(schema_.prefix()) + "[ae][ns]*", kReadPageKeys);
  while (!walk.done()) {
    const auto found = static_cast<std::int64_t>(entities_.size() + associations_.size());
    records_ = found;
    if (const Status go_on = step("looking for records", -1); !go_on) co_return go_on;
    redis::CommandBuffer scan;
    walk.ask(scan);
    auto replies = co_await connection_->exchange(scan, kReadDeadline);
    if (!replies) co_return replies.error();
    const auto page = walk.take(std::move(replies->front()));
    if (!page) co_return page.error();
    for (const std::string_view key : *page) {
      if (key.starts_with(entity_prefix_)) entities_.add(key.substr(entity_prefix_.size()));
      if (key.starts_with(association_prefix_)) {
        associations_.add(key.substr(association_prefix_.size()));
      }
    }
  }
  entities_.sort();
  associations_.sort();
  records_ = 0;
  co_return Status{};
}

redis::awaitable<Status> GraphReader::read_each(const NameList& names, Kind kind,
                                                RecordSink& sink) {
  const double all = static_cast<double>(entities_.size() + associations_.size());
  std::deque<std::size_t> unanswered;
  std::size_t asked = 0;
  taken_ = 0;
  while (taken_ < names.size()) {
    const double done = static_cast<double>(records_) / all;
    if (const Status go_on = step("reading", done); !go_on) co_return go_on;
    while (unanswered.size() < kWindows && asked < names.size()) {
      const std::size_t records = std::min(window_records_, names.size() - asked);
      redis::CommandBuffer commands;
      for (std::size_t i = 0; i < records; ++i) (this->*kind.ask)(names[asked + i], commands);
      const Status sent = co_await connection_->send(commands.wire(), kReadDeadline);
      if (!sent) co_return sent;
      unanswered.push_back(records);
      asked += records;
    }
    const Status took = co_await take_window(names, kind, unanswered.front(), sink);
    if (!took) co_return took;
    unanswered.pop_front();
  }
  co_return Status{};
}

redis::awaitable<Status> GraphReader::take_window(const NameList& names, Kind kind,
                                                  std::size_t records, RecordSink& sink) {
  std::vector<redis::Reply> replies;  // of one record
  std::size_t bytes = 0;
  Status status;
  const std::function<void(redis::Reply &&)> each = [&](redis::Reply&& reply) {
    bytes += reply_bytes(reply);
    replies.push_back(std::move(reply));
    if (replies.size() < kind.commands) return;
    if (status) status = (this->*kind.take)(names[taken_], replies, sink);
    ++taken_;
    ++records_;
    replies.clear();
  };
  const Status received =
      co_await connection_->receive(records * kind.commands, each, kReadDeadline);
  if (!received) co_return received;
  const std::size_t fitting = kReadWindowBytes * records / std::max<std::size_t>(bytes, 1);
  window_records_ = std::clamp<std::size_t>(fitting, 1, std::min(2 * records, kMostWindowRecords));
  co_return status;
}

void GraphReader::ask_entity(std::string_view name, redis::CommandBuffer& out) const {
  // The type first: if the entity gets another one between the two, the hash is gone.
  const auto id = name.substr(std::min(name.size(), name.find(':') + 1));
  out.add({"GET", schema_.type_of(id)});
  out.add({"HGETALL", entity_prefix_ + std::string(name)});
}

void GraphReader::ask_association(std::string_view name, redis::CommandBuffer& out) const {
  out.add({"HGETALL", association_prefix_ + std::string(name)});
}

// False if there is nothing to read: the key is gone, or (told to the sink) no hash.
Result<bool> GraphReader::has_fields(const std::string& key, redis::Reply& reply,
                                     RecordSink& sink) {
  if (is_wrong_type_error(reply)) {
    sink.take_bad(printable(key) + ": is not a hash");
    return false;
  }
  const bool is_shaped = reply.is_array() && reply.elements.size() % 2 == 0;
  if (!is_shaped) return redis::unexpected_reply("HGETALL " + printable(key), reply);
  if (reply.elements.empty()) ++vanished_;
  return !reply.elements.empty();
}

void GraphReader::other_field(std::string_view field, const std::string& key, bool& is_counted) {
  if (!is_counted) ++other_fields_;
  is_counted = true;
  if (!an_other_field_.empty()) return;
  an_other_field_ = fmt::format("\"{}\" of {}", printable(field, 80), printable(key));
}

Status GraphReader::take_entity(std::string_view name, Replies replies, RecordSink& sink) {
  const std::string key = entity_prefix_ + std::string(name);
  const auto there = has_fields(key, replies[1], sink);
  if (!there) return there.error();
  if (!*there) return {};
  const auto bad = [&](std::string_view what) {
    sink.take_bad(fmt::format("{}: {}", printable(key), what));
    return Status{};
  };
  content::EntityView entity;
  bool is_counted = false;
  const auto& fields = replies[1].elements;
  for (std::size_t i = 0; i < fields.size(); i += 2) {
    const std::string_view field = fields[i].text;
    if (set_field(entity, kEntityFields, field, fields[i + 1].text)) continue;
    if (std::find(kDerivedFields.begin(), kDerivedFields.end(), field) != kDerivedFields.end()) {
      continue;
    }
    other_field(field, key, is_counted);
  }
  const auto colon = std::min(name.size(), name.find(':'));
  entity.id = name.substr(std::min(name.size(), colon + 1));
  if (const auto fault = record_fault(entity, kEntityFields); !fault.empty()) return bad(fault);
  if (entity.type != name.substr(0, colon)) {
    return bad(fmt::format("its field type is \"{}\"", entity.type));
  }
  const redis::Reply& type = replies[0];
  if (is_wrong_type_error(type)) {
    return bad(fmt::format("{} is not a string", schema_.type_of(entity.id)));
  }
  if (!type.is_nil() && !type.is_string()) return redis::unexpected_reply("GET", type);
  if (type.is_string() && type.text != entity.type) {
    return bad(fmt::format("{} says that its type is \"{}\"", schema_.type_of(entity.id),
                           printable(type.text, 80)));
  }
  return sink.take(entity);
}

Status GraphReader::take_association(std::string_view name, Replies replies, RecordSink& sink) {
  const std::string key = association_prefix_ + std::string(name);
  const auto there = has_fields(key, replies[0], sink);
  if (!there) return there.error();
  if (!*there) return {};
  content::AssociationView association;
  bool is_counted = false;
  const auto& fields = replies[0].elements;
  for (std::size_t i = 0; i < fields.size(); i += 2) {
    if (set_field(association, kAssociationFields, fields[i].text, fields[i + 1].text)) continue;
    other_field(fields[i].text, key, is_counted);
  }
  const std::string path = keys::decode_component(name);
  association.path = path;
  std::string fault = text_fault("path", path);
  if (fault.empty()) fault = record_fault(association, kAssociationFields);
  if (fault.empty() && keys::encode_component(path) != name) {
    fault = fmt::format("the key of this path is {}", printable(schema_.association(path)));
  }
  if (fault.empty()) return sink.take(association);
  sink.take_bad(fmt::format("{}: {}", printable(key), fault));
  return {};
}

Status GraphReader::step(std::string_view doing, double share) {
  if (stop_.stop_requested()) return interrupted();
  if (progress_) progress_({doing, records_, share});
  return {};
}

}  // namespace redkeep::recovery
