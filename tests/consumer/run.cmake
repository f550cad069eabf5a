# Installs the build into a prefix of its own, then configures, builds and tests the consumers.
function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    list(JOIN ARGV " " text)
    message(FATAL_ERROR "failed: ${text}")
  endif()
endfunction()

# configure(FOLDER NAME argument…): the project in FOLDER, in a build directory NAME.
macro(configure folder name)
  set(command ${CMAKE_COMMAND} -S "${CONSUMER_DIR}/${folder}" -B "${WORK_DIR}/${name}" -G Ninja
              "-DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix" ${ARGN})
endmacro()

# Configuring must fail, and say PATTERN.
function(refuse pattern)
  configure(${ARGN})
  execute_process(COMMAND ${command} RESULT_VARIABLE result ERROR_VARIABLE said OUTPUT_QUIET)
  string(REGEX REPLACE "[ \n]+" " " said "${said}")
  if(result EQUAL 0 OR NOT said MATCHES "${pattern}")
    message(FATAL_ERROR "'${pattern}' was not said, or not refused (${result}): ${said}")
  endif()
endfunction()

file(REMOVE_RECURSE "${WORK_DIR}")
set(flags "${CXX_FLAGS}")
if(SANITIZER)
  string(APPEND flags " -fsanitize=${SANITIZER}")
endif()
set(cxx "-DCMAKE_CXX_COMPILER=${CXX}" "-DCMAKE_CXX_FLAGS=${flags}")
run(${CMAKE_COMMAND} --install "${BUILD_DIR}" --prefix "${WORK_DIR}/prefix")
foreach(file bin/coldframe lib/cmake/coldframe/coldframeConfig.cmake
             share/coldframe/schemas/bench.schema.json share/doc/coldframe/docs/thresholds.md
             share/doc/coldframe/README.md share/doc/coldframe/LICENSE share/man/man1/coldframe.1
             share/bash-completion/completions/coldframe share/zsh/site-functions/_coldframe
             share/fish/vendor_completions.d/coldframe.fish)
  if(NOT EXISTS "${WORK_DIR}/prefix/${file}")
    message(FATAL_ERROR "${file} was not installed")
  endif()
endforeach()

run(${PYTHON} -B "${CONSUMER_DIR}/links.py" "${WORK_DIR}/prefix/share/doc/coldframe")

# Checks and the library.
configure(. build ${cxx})
run(${command})
run(${CMAKE_COMMAND} --build "${WORK_DIR}/build")
run(ctest --test-dir "${WORK_DIR}/build" --output-on-failure --no-tests=error)

# Checks alone need no compiler, and with one no package. Asked for, the library says what it needs.
configure(checks_only checks_only --no-warn-unused-cli
          -DCMAKE_C_COMPILER=none -DCMAKE_CXX_COMPILER=none)
execute_process(COMMAND ${command} OUTPUT_VARIABLE said COMMAND_ERROR_IS_FATAL ANY)
if(said MATCHES "coldframe")
  message(FATAL_ERROR "nothing is missing where no language is enabled, but it says: ${said}")
endif()
run(ctest --test-dir "${WORK_DIR}/checks_only" --output-on-failure --no-tests=error)
set(without_boost -DLANGUAGES=CXX ${cxx} -DCMAKE_DISABLE_FIND_PACKAGE_Boost=ON)
configure(checks_only without_boost ${without_boost})
execute_process(COMMAND ${command} RESULT_VARIABLE result OUTPUT_VARIABLE said)
if(NOT result EQUAL 0 OR NOT said MATCHES "checks only; coldframe::emulator needs [^\n]*: Boost 1")
  message(FATAL_ERROR "a project without Boost cannot run checks: ${said}")
endif()
refuse("needs the language CXX" checks_only no_language -DWITH_LIBRARY=ON)
refuse("emulator needs what was not found here: Boost 1" checks_only no_boost ${without_boost}
       -DWITH_LIBRARY=ON)

# What the checks run, and how ctest takes it.
execute_process(COMMAND ctest --test-dir "${WORK_DIR}/checks_only" --show-only=json-v1
                OUTPUT_VARIABLE tests COMMAND_ERROR_IS_FATAL ANY)
string(JSON count LENGTH "${tests}" tests)
math(EXPR last "${count} - 1")
foreach(i RANGE ${last})
  string(JSON name GET "${tests}" tests ${i} name)
  string(JSON test_of_${name} GET "${tests}" tests ${i})
  list(APPEND names ${name})
endforeach()
function(expect name)
  string(REGEX REPLACE "[ \n]+" " " test "${test_of_${name}}")
  foreach(text ${ARGN})
    string(FIND "${test}" "${text}" at)
    if(at EQUAL -1)
      message(FATAL_ERROR "${name} has no ${text}: ${test}")
    endif()
  endforeach()
endfunction()
if(NOT names STREQUAL "golden.answers;gates.answers;gates.cold;gates.warm;defaults.answers;\
defaults.cold;defaults.warm;undecided.answers;undecided.cold")
  message(FATAL_ERROR "other tests than these: ${names}")
endif()
expect(golden.answers [=["validate"]=] [=["value" : 77]=] [=["coldframe" ]]=])
expect(gates.answers [=["invoke"]=] [=["-e"]=] [=["coldframe", "mine" ]]=])
expect(gates.cold [=["bench", "cold"]=] [=["--starts", "5"]=] [=["cold.p50 < 1m"]=] [=["errors <= 0"]=]
       [=["RUN_SERIAL", "value" : true]=] [=["value" : 77]=] [=["coldframe", "mine", "perf" ]]=])
expect(gates.warm [=["bench", "warm"]=] [=["--launches", "6", "--calls", "4"]=] [=["warm.p50 < 1m"]=])
expect(defaults.cold [=["first.max < 1m"]=])
expect(defaults.warm [=["warm.cpu < 1m"]=])
if("${test_of_defaults.cold}${test_of_defaults.warm}" MATCHES "--(starts|launches|calls)")
  message(FATAL_ERROR "a number that nobody gave")
endif()

# Mistakes are named.
refuse("gate.*no value for GOLDEN" refused refused "-DARGUMENTS=GOLDEN")
refuse("gate.*unknown argument 'GOLDENS'" refused refused "-DARGUMENTS=GOLDENS")
refuse("gate.*unknown argument 'GOLDN cases.jsonl'" refused refused
       "-DARGUMENTS=GOLDN cases.jsonl")
refuse("gate.*no value for GOLDEN LABELS" refused refused "-DARGUMENTS=GOLDEN LABELS")
foreach(keyword TARGET GOLDEN EVENT)
  refuse("gate.*${keyword} '[^']*/refused/none.json' does not exist" refused refused
         "-DARGUMENTS=${keyword} none.json")
endforeach()
foreach(number STARTS=0 STARTS=x STARTS=1.5 STARTS=-1 LAUNCHES=0 LAUNCHES=1000001 CALLS=1)
  string(REPLACE "=" " " words ${number})
  string(REPLACE "=" " '" text ${number})
  refuse("gate.*${text}' is not a whole number from [12] to" refused refused "-DARGUMENTS=${words}")
endforeach()

# As a subdirectory it installs nothing: with rules this would miss files that were never built.
run(${CMAKE_COMMAND} -S "${CONSUMER_DIR}/subdirectory" -B "${WORK_DIR}/subdirectory" -G Ninja
    "-DCOLDFRAME_SOURCE_DIR=${SOURCE_DIR}" ${cxx})
run(${CMAKE_COMMAND} --install "${WORK_DIR}/subdirectory" --prefix "${WORK_DIR}/nothing")
if(EXISTS "${WORK_DIR}/nothing")
  message(FATAL_ERROR "a subdirectory has installed something")
endif()
