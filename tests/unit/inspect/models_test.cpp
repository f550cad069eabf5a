// W31: models that drifted from what is installed.
#include "tests/unit/inspect/inspect_fixture.hpp"

namespace coldframe::testing {
namespace {

using namespace std::string_literals;

class Models : public InspectTest {
 protected:
  Models() {
    package("sklearn", "scikit-learn", "1.5.2");
    file(module, "class Kept:\n    pass\n");
  }
  // A pickle of protocol 2 that wants these globals, "module\nname\n" each.
  static std::string wants(const std::string& globals) {
    std::string text = "\x80\x02";
    for (std::size_t at = 0; at < globals.size();) {
      const auto end = globals.find('\n', globals.find('\n', at) + 1) + 1;
      text += "c" + globals.substr(at, end - at) + "0";
      at = end;
    }
    return text + "N.";
  }
  static std::string saved_with(const std::string& version) {
    return "\x80\x04}\x8c\x10_sklearn_version\x8c" +
           std::string(1, static_cast<char>(version.size())) + version + "s.";
  }
  void model(const std::string& bytes, const std::string& name = "model.pkl") {
    file("/var/task/" + name, bytes);
  }
  const std::string module = std::string(k_site) + "/sklearn/compose.py";
};

TEST_F(Models, OneOfTheInstalledVersionIsNone) {
  model(saved_with("1.5.2"));
  EXPECT_EQ(ids(), "");
  model(wants("sklearn.compose\nKept\n"));
  EXPECT_EQ(ids(), "");
}

TEST_F(Models, OneOfAnotherVersionIsW31) {
  model(saved_with("1.2.1"));
  const auto found = only();
  EXPECT_EQ(found.id, "W31") << found.message;
  EXPECT_EQ(found.severity, inspect::Severity::warning);
  EXPECT_PRED2(has, found.message, "saved with scikit-learn 1.2.1, and 1.5.2 is installed");
  EXPECT_EQ(found.fix, "RUN pip install scikit-learn==1.2.1");
  EXPECT_EQ(found.where, "/var/task/model.pkl");
  model(saved_with("1.5.0"));
  EXPECT_EQ(ids(), "W31 info");
}

TEST_F(Models, ANameThatIsGoneIsAnError) {
  model(wants("sklearn.compose\n_RemainderColsList\n"));
  const auto found = only();
  EXPECT_EQ(found.severity, inspect::Severity::error);
  EXPECT_PRED2(has, found.message, "sklearn.compose._RemainderColsList");
  EXPECT_PRED2(has, found.message, "Can't get attribute");
  file(module, "from .other import *\n");
  EXPECT_EQ(ids(), "");
}

TEST_F(Models, AModuleThatIsGoneIsAnError) {
  model(wants("sklearn.gone\nThing\nxgboost.core\nBooster\n"));
  EXPECT_PRED2(has, only().message, "sklearn.gone, xgboost.core");
}

TEST_F(Models, GlobalsOfMainAreAnError) {
  model(wants("__main__\nMyModel\n"), "model.joblib");
  const auto found = only();
  EXPECT_EQ(found.severity, inspect::Severity::error);
  EXPECT_PRED2(has, found.message, "MyModel of __main__");
}

TEST_F(Models, CallsOfTheSystemAreAnError) {
  for (const char* global : {"os\nsystem\n", "posix\nsystem\n", "builtins\neval\n",
                             "subprocess\nPopen\n", "sklearn.compose\nos.system\n"}) {
    model(wants(global));
    EXPECT_EQ(ids(), "W31 error") << global;
    EXPECT_PRED2(has, only().message, "no model's business");
  }
}

TEST_F(Models, HarmlessOnesOfTheStandardLibraryAreNone) {
  model(wants("builtins\nset\ncollections\nOrderedDict\ncopyreg\n_reconstructor\n"));
  file("/usr/local/lib/python3.11/collections/__init__.py", "");
  EXPECT_EQ(ids(), "");
}

TEST_F(Models, OneWithoutANameOfAModelIsKnownByItsFirstBytes) {
  model(wants("__main__\nMyModel\n"), "weights");
  EXPECT_EQ(ids(), "W31 error");
  model("\x80\x02 no pickle", "weights");
  EXPECT_EQ(ids(), "");
}

TEST_F(Models, ThoseOfPackagesAreLeftAlone) {
  file(std::string(k_site) + "/sklearn/tests/old.pkl", wants("__main__\nX\n"));
  EXPECT_EQ(ids(), "");
}

TEST_F(Models, ADamagedOneIsInformation) {
  model("\x80\x04\x95\x01\x01");
  EXPECT_EQ(ids(), "W31 info");
}

TEST_F(Models, AnArrayOfObjectsIsAPickle) {
  const std::string head = "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n";
  model("\x93NUMPY\1\0"s + static_cast<char>(head.size()) + "\0"s + head + wants("__main__\nX\n"),
        "a.npy");
  EXPECT_EQ(ids(), "W31 error");
  const std::string plain = "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }\n";
  model("\x93NUMPY\1\0"s + static_cast<char>(plain.size()) + "\0"s + plain + "12345678", "a.npy");
  EXPECT_EQ(ids(), "");
}

TEST_F(Models, AModelOfANewerXgboostIsW31) {
  package("xgboost", "xgboost", "1.7.6");
  model(R"({"learner":{"x":1},"version":[2,0,3]})", "model.json");
  EXPECT_PRED2(has, only().message, "saved with xgboost 2.0.3, and 1.7.6 is installed");
  model(R"({"learner":{"x":1},"version":[1,7,4]})", "model.json");
  EXPECT_EQ(ids(), "");
}

}  // namespace
}  // namespace coldframe::testing
