#include "recovery/journal/graph_change.h"

#include <charconv>

#include "error/error.h"
#include "sizes/sizes.h"

namespace redkeep::recovery {
namespace {

constexpr const char* kStoreEntity = "store_entity";
constexpr const char* kRemoveEntity = "remove_entity";
constexpr const char* kStoreAssociation = "store_association";
constexpr const char* kRemoveAssociation = "remove_association";
constexpr const char* kAddWord = "add_word";
constexpr const char* kRemoveWord = "remove_word";

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
// C++20 has it by itself, clang 14 does not yet.
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

std::string joined(const std::vector<std::string>& ids) {
  std::string text;
  for (const auto& id : ids) text += (text.empty() ? "" : " ") + id;
  return text;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> ids;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find(' ', start), text.size());
    ids.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return ids;
}

JournalLine words_line(const char* operation, const std::string& word,
                       const std::vector<std::string>& ids) {
  return {0, operation, {word, joined(ids)}};
}

}  // namespace

JournalLine line_of(const GraphChange& change) {
  const Overloaded make{
      [](const Entity& e) -> JournalLine {
        return {0,
                kStoreEntity,
                {e.id, e.type, e.semantic_name, e.data, e.created_by, e.created_at, e.updated_at}};
      },
      [](const RemoveEntity& removed) -> JournalLine {
        return {0, kRemoveEntity, {removed.id}};
      },
      [](const Association& a) -> JournalLine {
        return {0,
                kStoreAssociation,
                {a.parent_id, a.child_id, a.path, a.type, std::to_string(a.weight)}};
      },
      [](const RemoveAssociation& removed) -> JournalLine {
        return {0, kRemoveAssociation, {removed.path}};
      },
      [](const AddWord& added) { return words_line(kAddWord, added.word, added.entity_ids); },
      [](const RemoveWord& removed) {
        return words_line(kRemoveWord, removed.word, removed.entity_ids);
      }};
  return std::visit(make, change);
}

Result<GraphChange> change_of(JournalLine line) {
  auto& f = line.fields;
  const auto is = [&](const char* operation, std::size_t fields) {
    return line.operation == operation && f.size() == fields;
  };
  if (is(kStoreEntity, 7)) {
    return GraphChange(Entity{std::move(f[0]), std::move(f[1]), std::move(f[2]), std::move(f[3]),
                              std::move(f[4]), std::move(f[5]), std::move(f[6])});
  }
  if (is(kRemoveEntity, 1)) return GraphChange(RemoveEntity{std::move(f[0])});
  if (is(kStoreAssociation, 5)) {
    Association made{std::move(f[0]), std::move(f[1]), std::move(f[2]), std::move(f[3]), 0};
    const auto end = f[4].data() + f[4].size();
    const auto digits = std::from_chars(f[4].data(), end, made.weight);
    if (digits.ec == std::errc{} && digits.ptr == end) return GraphChange(std::move(made));
  }
  if (is(kRemoveAssociation, 1)) return GraphChange(RemoveAssociation{std::move(f[0])});
  if (is(kAddWord, 2)) return GraphChange(AddWord{std::move(f[0]), split(f[1])});
  if (is(kRemoveWord, 2)) return GraphChange(RemoveWord{std::move(f[0]), split(f[1])});
  return make_error(ErrorKind::Refused,
                    "the journal has an operation \"{}\" with {} at position {}, which this "
                    "version does not know: use the version that wrote it",
                    printable(line.operation),
                    sizes::print_counted(static_cast<std::int64_t>(f.size()), "field"),
                    line.position);
}

std::string describe(const GraphChange& change) {
  const JournalLine line = line_of(change);
  const auto* link = std::get_if<Association>(&change);
  const std::string& name = link != nullptr ? link->path : line.fields.front();
  return line.operation + " " + printable(name, 80);
}

}  // namespace redkeep::recovery
