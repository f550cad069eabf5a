# coldframe_add_check(NAME name TARGET dir-or-function.json
#                     [GOLDEN file…] [EVENT file] [BUDGETS expr…] [LABELS label…]
#                     [STARTS n] [LAUNCHES n] [CALLS n])
#
# Registers ctest tests for a Lambda function; docs/ctest.md is the reference.
#   <name>.answers   `coldframe validate` if there are goldens: those of GOLDEN, else those that
#                    Coldframe.Golden of function.json names; without any, one `coldframe invoke`
#                    must succeed
#   <name>.cold      if a budget is on init, first, cold, memory.peak, cold.ratio or errors:
#                    `coldframe bench cold` with STARTS (40)
#   <name>.warm      if a budget is on warm, warm.cpu or latency: `coldframe bench warm` with
#                    LAUNCHES (30) of CALLS (50)
# EVENT is what invoke and both benches send; without it, they choose as on the command line.
# Relative paths are relative to the current source directory. A keyword without a value is an error,
# and so is a file or directory that does not exist when the project is configured, unless it lies in
# the build directory.
#
# All have the label `coldframe` and those of LABELS. The benches also have `perf` and run alone
# (RUN_SERIAL). Exit code 77, "this host cannot", is a skip; 5, "the samples decide nothing", and every
# other one is a failure. The project needs enable_testing(), and no language.

# Whether the function.json of TARGET names goldens. What cannot be read here is the program's to say.
function(_coldframe_has_goldens target result)
  set(${result} FALSE PARENT_SCOPE)
  if(IS_DIRECTORY "${target}")
    string(APPEND target "/function.json")
  endif()
  if(NOT EXISTS "${target}")
    return()
  endif()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${target}")
  file(READ "${target}" text)
  string(JSON goldens ERROR_VARIABLE none GET "${text}" Coldframe Golden)
  if(NOT none AND goldens AND NOT goldens MATCHES "^\\[[ \t\n]*\\]$")
    set(${result} TRUE PARENT_SCOPE)
  endif()
endfunction()

function(_coldframe_require name keyword path)
  cmake_path(IS_PREFIX CMAKE_BINARY_DIR "${path}" NORMALIZE is_built)  # perhaps not made yet
  if(NOT EXISTS "${path}" AND NOT is_built)
    message(FATAL_ERROR "coldframe_add_check(${name}): ${keyword} '${path}' does not exist")
  endif()
endfunction()

function(coldframe_add_check)
  set(numbers STARTS LAUNCHES CALLS)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME;TARGET;EVENT;${numbers}" "GOLDEN;BUDGETS;LABELS")
  if(NOT arg_NAME OR NOT arg_TARGET)
    message(FATAL_ERROR "coldframe_add_check: NAME and TARGET are required")
  endif()
  if(arg_UNPARSED_ARGUMENTS)
    list(JOIN arg_UNPARSED_ARGUMENTS " " words)
    message(FATAL_ERROR "coldframe_add_check(${arg_NAME}): unknown argument '${words}'")
  endif()
  # A list variable that is empty by mistake would take its gate away without a word.
  if(arg_KEYWORDS_MISSING_VALUES)
    list(JOIN arg_KEYWORDS_MISSING_VALUES " " words)
    message(FATAL_ERROR "coldframe_add_check(${arg_NAME}): no value for ${words}")
  endif()
  set(least_values 1 1 2)  # the first call of a launch is cold
  foreach(keyword least IN ZIP_LISTS numbers least_values)
    if(NOT DEFINED arg_${keyword})
      continue()
    endif()
    if(NOT arg_${keyword} MATCHES "^[0-9]+$" OR arg_${keyword} LESS least OR
       arg_${keyword} GREATER 1000000)
      message(FATAL_ERROR "coldframe_add_check(${arg_NAME}): ${keyword} '${arg_${keyword}}' is not a "
                          "whole number from ${least} to 1000000")
    endif()
  endforeach()
  # ctest runs elsewhere; paths are as in the CMakeLists.txt that names them.
  foreach(path TARGET EVENT)
    if(arg_${path})
      cmake_path(ABSOLUTE_PATH arg_${path} BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
      _coldframe_require(${arg_NAME} ${path} "${arg_${path}}")
    endif()
  endforeach()
  set(event)
  if(arg_EVENT)
    set(event -e "${arg_EVENT}")
  endif()

  set(labels coldframe ${arg_LABELS})

  set(validates FALSE)
  set(goldens)
  if(arg_GOLDEN)
    set(validates TRUE)
    foreach(file IN LISTS arg_GOLDEN)
      cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
      _coldframe_require(${arg_NAME} GOLDEN "${file}")
      list(APPEND goldens --golden "${file}")
    endforeach()
  else()
    _coldframe_has_goldens("${arg_TARGET}" validates)
  endif()
  if(validates)
    add_test(NAME ${arg_NAME}.answers
      COMMAND $<TARGET_FILE:coldframe::coldframe> validate "${arg_TARGET}" ${goldens}
              --junit "${CMAKE_CURRENT_BINARY_DIR}/${arg_NAME}.answers.xml")
  else()
    add_test(NAME ${arg_NAME}.answers
      COMMAND $<TARGET_FILE:coldframe::coldframe> invoke "${arg_TARGET}" ${event})
  endif()
  set_tests_properties(${arg_NAME}.answers PROPERTIES
    SKIP_RETURN_CODE 77 LABELS "${labels}")

  set(cold)
  set(warm)
  foreach(budget IN LISTS arg_BUDGETS)
    if(budget MATCHES "^[ \t]*(warm|latency)\\.")
      list(APPEND warm --threshold "${budget}")
    else()
      list(APPEND cold --threshold "${budget}")
    endif()
  endforeach()
  if(cold)
    set(starts)
    if(DEFINED arg_STARTS)
      set(starts --starts ${arg_STARTS})
    endif()
    add_test(NAME ${arg_NAME}.cold
      COMMAND $<TARGET_FILE:coldframe::coldframe> bench cold "${arg_TARGET}" ${event} ${starts} ${cold})
  endif()
  if(warm)
    set(amount)
    if(DEFINED arg_LAUNCHES)
      list(APPEND amount --launches ${arg_LAUNCHES})
    endif()
    if(DEFINED arg_CALLS)
      list(APPEND amount --calls ${arg_CALLS})
    endif()
    add_test(NAME ${arg_NAME}.warm
      COMMAND $<TARGET_FILE:coldframe::coldframe> bench warm "${arg_TARGET}" ${event} ${amount} ${warm})
  endif()
  foreach(kind cold warm)
    if(${kind})
      set_tests_properties(${arg_NAME}.${kind} PROPERTIES
        SKIP_RETURN_CODE 77 RUN_SERIAL ON LABELS "${labels};perf")
    endif()
  endforeach()
endfunction()
