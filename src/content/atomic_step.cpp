#include "content/atomic_step.h"

namespace redkeep::content {
namespace {

// ARGV is a row of words: the number of conditions, then each as kind, key's number and what
// belongs to it; the number of writes, then each as type, command, key's number, count and
// arguments. Returns 0 when everything was written, or the number of the condition that does not
// hold.
constexpr std::string_view kScript = R"(local at = 0
local function take() at = at + 1 return ARGV[at] end
local adds = take() == '1'
for i = 1, tonumber(take()) do
  local kind, key = take(), KEYS[tonumber(take())]
  local found
  if kind == 'value' then found = redis.call('GET', key)
  elseif kind == 'field' then found = redis.call('HGET', key, take())
  else found = tostring(redis.call('SCARD', key)) end
  if (found or '') ~= take() then return i end
end
local writes = tonumber(take())
local start = at
for i = 1, writes do
  local wanted, command, key = take(), take(), KEYS[tonumber(take())]
  at = at + tonumber(take())
  local found = redis.call('TYPE', key).ok
  if found ~= 'none' and found ~= wanted then
    return redis.error_reply('WRONGTYPE ' .. key .. ' is a ' .. found .. ' and should be a ' .. wanted)
  end
end
if adds then redis.call('SETRANGE', KEYS[1], 0, '') end
at = start
for i = 1, writes do
  local wanted, command, key, count = take(), take(), KEYS[tonumber(take())], tonumber(take())
  redis.call(command, key, unpack(ARGV, at + 1, at + count))
  redis.call('PERSIST', key)
  at = at + count
end
return 0)";

}  // namespace

std::string AtomicStep::number_of(const std::string& key) {
  const auto [place, is_new] = numbers_.try_emplace(key, keys_.size() + 1);
  if (is_new) keys_.push_back(key);
  return std::to_string(place->second);
}

void AtomicStep::require_value(const std::string& key, std::string_view value) {
  ++conditions_;
  condition_words_.insert(condition_words_.end(), {"value", number_of(key), std::string(value)});
}

void AtomicStep::require_field(const std::string& key, std::string_view field,
                               std::string_view value) {
  ++conditions_;
  condition_words_.insert(condition_words_.end(),
                          {"field", number_of(key), std::string(field), std::string(value)});
}

void AtomicStep::require_members(const std::string& key, std::size_t count) {
  ++conditions_;
  condition_words_.insert(condition_words_.end(),
                          {"members", number_of(key), std::to_string(count)});
}

void AtomicStep::write(std::string_view type, std::string_view command, const std::string& key,
                       std::initializer_list<std::string_view> arguments) {
  ++writes_;
  if (command == "SET" || command == "HSET" || command == "SADD") adds_ = true;
  write_words_.insert(write_words_.end(), {std::string(type), std::string(command), number_of(key),
                                           std::to_string(arguments.size())});
  write_words_.insert(write_words_.end(), arguments.begin(), arguments.end());
}

void AtomicStep::advance(const std::string& key, std::string_view value) {
  write("string", "PERSIST", key, {});
  const bool adds = adds_;
  set(key, value);
  adds_ = adds;
}

void AtomicStep::replace_hash(const std::string& key, const HashFields& fields) {
  remove_hash(key);
  for (const auto& field : fields) set_field(key, field.name, field.value);
}

void AtomicStep::add_to(redis::CommandBuffer& commands) const {
  commands.begin(6 + keys_.size() + condition_words_.size() + write_words_.size());
  commands.arg("EVAL");
  commands.arg(kScript);
  commands.arg(std::to_string(keys_.size()));
  for (const auto& key : keys_) commands.arg(key);
  commands.arg(adds_ ? "1" : "0");
  commands.arg(std::to_string(conditions_));
  for (const auto& word : condition_words_) commands.arg(word);
  commands.arg(std::to_string(writes_));
  for (const auto& word : write_words_) commands.arg(word);
}

Result<std::int64_t> AtomicStep::failed_condition(const redis::Reply& reply) {
  if (!reply.is_integer()) return redis::unexpected_reply("a store", reply);
  return reply.integer;
}

}  // namespace redkeep::content
