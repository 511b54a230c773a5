# SPDX-License-Identifier: Apache-2.0
"""Espressif's component manager packs the firmware's components without a warning, and finds
what the firmware, and each example, stands on: within this tree, without a registry.  What is
not tested is the registry itself.  TAP on standard output."""
import glob
import os
import re
import shutil
import subprocess
import sys
import tarfile

SOURCE = os.environ["OTABENCH_SRCDIR"]
# The environment that ESP-IDF's build gives the manager.
ENVIRONMENT = {"IDF_TARGET": "esp32c3", "IDF_COMPONENT_OVERWRITE_MANAGED_COMPONENTS": "0"}
count = 0


def tell(good, title, said=""):
    global count
    count += 1
    if not good:
        print("".join("# " + line + "\n" for line in said.splitlines()[-20:]), end="")
    print(("ok" if good else "not ok"), count, "-", title, flush=True)


def run(words, folder, **env):
    # Its own folder for whatever it keeps, and a registry that nobody has.
    env = {**os.environ, **ENVIRONMENT, **env, "IDF_TOOLS_PATH": os.path.abspath("tools"),
           "IDF_PATH": os.path.abspath("idf"), "HOME": os.getcwd(),
           "IDF_COMPONENT_REGISTRY_URL": "http://127.0.0.1:9/"}
    done = subprocess.run([sys.executable, "-m", *words], cwd=folder, env=env, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout


def version_of(component):
    with open(f"firmware/components/{component}/idf_component.yml", encoding="utf-8") as file:
        return re.search(r'^version: "(.*)"$', file.read(), re.M).group(1)


def pack(component):
    code, said = run(["idf_component_manager", "-W", "component", "pack", "--name", component,
                      "--dest-dir", os.path.abspath("packed")],
                     f"firmware/components/{component}")
    archive = f"packed/{component}_{version_of(component)}.tgz"
    names = set()
    if code == 0 and os.path.exists(archive):
        with tarfile.open(archive) as file:
            names = {os.path.normpath(name) for name in file.getnames()}
    wanted = {"CMakeLists.txt", "LICENSE", "README.md", "idf_component.yml"}
    wanted |= {os.path.relpath(path, f"firmware/components/{component}") for path in
               glob.glob(f"firmware/components/{component}/**/*.[ch]", recursive=True)}
    tell(code == 0 and wanted <= names, f"{component} is packed without a warning, and whole",
         said + "\nnot in it: " + " ".join(sorted(wanted - names)))


def solve(project, local, version):
    """As ESP-IDF's CMake does before it configures."""
    os.makedirs("state", exist_ok=True)
    with open("state/local.yml", "w", encoding="utf-8") as file:
        file.write("components:\n")
        for path in local:
            file.write(f'  - name: "{os.path.basename(path)}"\n'
                       f'    path: "{os.path.abspath(path)}"\n'
                       '    source: "project_components"\n')
    state = os.path.abspath("state")
    code, said = run(["idf_component_manager.prepare_components",
                      f"--project_dir={os.path.abspath(project)}", "--interface_version=4",
                      "prepare_dependencies", f"--managed_components_list_file={state}/managed",
                      f"--local_components_list_file={state}/local.yml", f"--build_dir={state}"],
                     project, CI_TESTING_IDF_VERSION=version)
    lock = os.path.join(project, "dependencies.lock")
    solved = ""
    if os.path.exists(lock):
        with open(lock, encoding="utf-8") as file:
            solved = file.read()
        os.remove(lock)
    shutil.rmtree("state")
    return code, said, solved


def main():
    for name in ("tools", "idf"):
        os.makedirs(name)
    shutil.copytree(os.path.join(SOURCE, "firmware"), "firmware",
                    ignore=shutil.ignore_patterns("build", "managed_components"))
    for component in ("ota_core", "ota_esp"):
        pack(component)
    components = ["firmware/components/ota_core", "firmware/components/ota_esp"]
    for version in ("5.1.0", "6.0.0", "6.1.0"):
        code, said, solved = solve("firmware", ["firmware/main", *components], version)
        tell(code == 0 and "path: components/ota_core" in solved,
             f"ESP-IDF {version}: the firmware takes ota_core from its own folder", said)
        for example in sorted(glob.glob("firmware/components/ota_esp/examples/*")):
            code, said, solved = solve(example, [example + "/main"], version)
            tell(code == 0 and "path: ../..\n" in solved and "path: ../../../ota_core" in solved,
                 f"ESP-IDF {version}: {os.path.basename(example)} finds both", said)
    code, said, _ = solve("firmware", ["firmware/main", *components], "4.4.0")
    tell(code != 0, "ESP-IDF 4.4 is refused", said)
    print(f"1..{count}")


main()
