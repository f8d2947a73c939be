#include "keys/class_table.h"

#include <gtest/gtest.h>

#include "keys/key_schema.h"

namespace redkeep::keys {
namespace {

ClassTable built_in(const std::string& prefix = "reed:") {
  auto table = ClassTable::compile(prefix, default_key_classes());
  EXPECT_TRUE(table) << table.error().message;
  return std::move(*table);
}

std::string name_of(const ClassTable& table, std::string_view key) {
  const auto index = table.classify(key);
  return index ? table.at(*index).name : "unclassified";
}

KeyClass lasting(std::string name, std::string pattern) {
  KeyClass made;
  made.name = std::move(name);
  made.patterns = {std::move(pattern)};
  return made;
}

KeyClass evictable(std::string name, std::string pattern) {
  KeyClass made = lasting(std::move(name), std::move(pattern));
  made.level = KeyLevel::Evictable;
  made.ttl = std::chrono::seconds{60};
  made.shed_at = ShedAt::Warning;
  return made;
}

TEST(ClassTable, KnowsEveryKeyThatTheSchemaBuilds) {
  const auto table = built_in();
  const KeySchema schema("reed:");
  EXPECT_EQ(name_of(table, schema.entity("page", "id")), "entities");
  EXPECT_EQ(name_of(table, schema.type_of("id")), "entity_types");
  EXPECT_EQ(name_of(table, schema.semantic("page", "$a.b")), "semantic_names");
  EXPECT_EQ(name_of(table, schema.association("content.1:x")), "associations");
  EXPECT_EQ(name_of(table, schema.children("id")), "children");
  EXPECT_EQ(name_of(table, schema.parent("id")), "parents");
  EXPECT_EQ(name_of(table, schema.links("id")), "links");
  EXPECT_EQ(name_of(table, schema.word("größe")), "search_index");
  EXPECT_EQ(name_of(table, schema.type_index("page")), "type_index");
  EXPECT_EQ(name_of(table, schema.guard("level")), "guard");
  EXPECT_EQ(name_of(table, schema.page("/a:b", "eu", "hut")), "page_cache");
  EXPECT_EQ(name_of(table, schema.query("1f")), "query_cache");
  EXPECT_EQ(name_of(table, schema.asset("css", "1f")), "asset_bundles");
  EXPECT_EQ(name_of(table, schema.page_template("a", "b")), "template_cache");
  EXPECT_EQ(name_of(table, schema.temporary("a", "b")), "temporary");
  EXPECT_EQ(name_of(table, schema.session("a")), "sessions");
  EXPECT_EQ(name_of(table, schema.csrf("a")), "csrf_tokens");
  EXPECT_EQ(name_of(table, schema.rate("a", "b")), "rate_limits");
  EXPECT_EQ(name_of(table, schema.lock("a")), "locks");
  EXPECT_EQ(name_of(table, "reed:queue:mail:7"), "queues");
}

TEST(ClassTable, LeavesForeignKeysUnclassified) {
  const auto table = built_in();
  for (const char* key : {"session:1", "reedsession:1", "reed:", "reed", "", "reed:session:",
                          "reed:session:a:b", "reed:page:cache:a:b", "reed:page:cache:a:b:c:d",
                          "shop:reed:session:1", "reed:sessions:1", "reed:entity:page:"}) {
    EXPECT_EQ(name_of(table, key), "unclassified") << key;
  }
}

TEST(ClassTable, TakesGlobCharactersInAPrefixLiterally) {
  const auto table = built_in("r*d[x]:");
  EXPECT_EQ(name_of(table, "r*d[x]:session:1"), "sessions");
  EXPECT_EQ(name_of(table, "reedx:session:1"), "unclassified");
  EXPECT_EQ(table.scan_glob(), "r\\*d\\[x\\]:*");
}

TEST(ClassTable, TheGlobOfSomeClassesIsWhatTheyHaveInCommon) {
  const auto table = built_in();
  const auto glob_of = [&](const std::vector<std::string>& names) {
    std::vector<ClassIndex> classes;
    for (const auto& name : names) classes.push_back(*table.find(name));
    return table.scan_glob(classes);
  };
  EXPECT_EQ(glob_of({"page_cache"}), "reed:page:cache:*");
  EXPECT_EQ(glob_of({"page_cache", "query_cache"}), "reed:*");
  EXPECT_EQ(glob_of({"template_cache", "temporary"}), "reed:temp*");
  EXPECT_EQ(glob_of({}), "reed:*");
}

TEST(ClassTable, PrefersTheMoreSpecificPattern) {
  const auto table =
      ClassTable::compile("", {lasting("users", "user:*"), evictable("carts", "user:{id}:cart")});
  ASSERT_TRUE(table);
  EXPECT_EQ(name_of(*table, "user:7"), "users");
  EXPECT_EQ(name_of(*table, "user:7:cart"), "carts");
  EXPECT_EQ(name_of(*table, "user:7:x:cart"), "users");
}

TEST(ClassTable, PrefersTheMoreProtectedLevelAtEqualLength) {
  const auto table =
      ClassTable::compile("", {evictable("soft", "thing:{a}"), lasting("hard", "thing:*")});
  ASSERT_TRUE(table);
  EXPECT_EQ(name_of(*table, "thing:7"), "hard");
}

TEST(ClassTable, RefusesClassesThatMakeNoSense) {
  auto no_ttl = evictable("a", "a:*");
  no_ttl.ttl.reset();
  auto shed_truth = lasting("a", "a:*");
  shed_truth.shed_at = ShedAt::Warning;
  auto ttl_truth = lasting("a", "a:*");
  ttl_truth.ttl = std::chrono::seconds{1};
  auto kept_with_quota = evictable("a", "a:*");
  kept_with_quota.shed_at = ShedAt::Never;
  kept_with_quota.quota_pct = 20;
  const std::vector<std::vector<KeyClass>> bad{
      {no_ttl},
      {kept_with_quota},
      {shed_truth},
      {ttl_truth},
      {lasting("", "a:*")},
      {lasting("a", "")},
      {lasting("a", "*")},
      {lasting("a", "a:{x")},
      {lasting("a", "a:{x}{y}")},
      {lasting("a", "a:**")},
      {lasting("a", "a:*"), lasting("a", "b:*")},
  };
  for (std::size_t i = 0; i < bad.size(); ++i) {
    EXPECT_FALSE(ClassTable::compile("", bad[i])) << i;
  }
}

TEST(ClassTable, NamesAllFaultsEachWithItsClass) {
  std::vector<KeyClass> classes(3);
  classes[0].name = "no patterns";
  classes[1].name = "bad patterns";
  classes[1].patterns = {"*", "good:*", "a:{b"};
  classes[2].name = "no patterns";
  classes[2].patterns = {"c:*"};
  const auto faults = ClassTable::find_faults(classes);
  ASSERT_EQ(faults.size(), 4u);
  EXPECT_EQ(faults[0].index, 0u);
  EXPECT_EQ(faults[0].settings, (std::vector<std::string_view>{"patterns"}));
  EXPECT_EQ(faults[1].index, 1u);
  EXPECT_TRUE(faults[1].settings.empty());
  EXPECT_EQ(faults[2].index, 1u);
  EXPECT_EQ(faults[3].message, "class \"no patterns\" is defined twice");
  EXPECT_EQ(ClassTable::compile("", classes).error().message, faults[0].message);
}

TEST(ClassTable, NamesAllFaultsOfOneClass) {
  std::vector<KeyClass> classes(1);
  classes[0].name = "a";
  classes[0].level = KeyLevel::Evictable;
  classes[0].shed_at = ShedAt::Never;
  classes[0].quota_pct = 20;
  classes[0].patterns = {"*"};
  std::string all;
  for (const auto& fault : ClassTable::find_faults(classes)) all += fault.message + "\n";
  EXPECT_EQ(all,
            "class \"a\": an evictable class needs a ttl\n"
            "class \"a\": only classes that may be shed have a quota\n"
            "class \"a\": pattern \"*\": it must begin with literal text\n");
}

}  // namespace
}  // namespace redkeep::keys
